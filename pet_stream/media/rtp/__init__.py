"""H.264 as RTP packets, and RTCP (RFC 3550, 4585, 4588, 5104, 6184, 8285). Pure.

    packetizer   the packets of one access unit, a PacketBlock, made once for all viewers
    packets      one packet's bytes: header, header extensions, retransmission
    rtcp         writes sender reports, reads feedback, within bounds

A Packetizer belongs to one thread; everything else is a value or a function.
"""
