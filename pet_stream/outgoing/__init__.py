"""Requests that this machine makes by itself, to servers that the settings name.

exchange     one request and its answer, within its time, bytes and addresses
  lookup     where a name leads, in bounded time
    addresses where a name may lead
"""
