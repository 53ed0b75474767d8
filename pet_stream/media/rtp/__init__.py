"""H.264 as RTP packets, and RTCP (RFC 3550, 4585, 4588, 5104, 6184, 8285). Pure.

packets      headers, header extensions, retransmissions; a block of packets that lie ready
packetizer   the packets of one access unit, made once for all viewers that can share them
rtcp         sender reports written, feedback read, within bounds
"""
