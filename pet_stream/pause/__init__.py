"""The pause: nobody sees and nothing records now.

    pause        the entrance: whether it is on, by hand or by the schedule
    choice       what somebody has chosen by hand, in a file that survives a restart
    schedule     times of the week. Pure

The camera thread looks at it before each picture; the broadcaster publishes none while it is on.
"""
