"""Who may use the camera, where pet_stream itself keeps the accounts (PET_STREAM_AUTH = "builtin").

    accounts      the entrance: signs people in, invites, knows devices and tokens, revokes
      book        what the file holds: people, devices, tokens, invitations. Values, pure
      changes     what becomes of that when somebody is invited, signs in or is revoked. Pure
      book_file   the file itself: read when it has changed, replaced whole
      visitor     who asks: a person on a device, or a program
      codes       secrets that are shown once, of which only a hash is kept
      passwords   for who wants one
      cookies     what a signed-in browser sends
      links       addresses that carry a right with them
      attempts    makes guessing slow
      audit       one line for each sign-in, invitation, deletion

Any thread may use it. The file belongs to whoever holds its lock, since `pet-stream invite` and
others change it from other processes.
"""
