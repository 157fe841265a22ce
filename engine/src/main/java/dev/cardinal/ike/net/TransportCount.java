package dev.cardinal.ike.net;

/** What a transport counts. */
public enum TransportCount {
    /** Datagrams handed to the loop. */
    RECEIVED,
    /** Datagrams given to the system. */
    SENT,
    /** NAT keepalives of peers (RFC 3948 section 2.3). */
    KEEPALIVE_RECEIVED,
    /** ESP in UDP that nobody takes. */
    ESP_DROPPED,
    /** Shorter than an IKE header, or than the non-ESP marker. */
    TOO_SHORT,
    /** Longer than {@link UdpTransport#DATAGRAM_LIMIT}. */
    TOO_LONG,
    /** From a source that cannot be answered: port 0, or no unicast address. */
    BAD_SOURCE,
    /** The loop had no room. */
    QUEUE_FULL,
    /** To be sent from an address that has gone. */
    NO_SOCKET,
    /** The system's send buffer and ours are full. */
    SEND_BLOCKED,
    /** The system refused to send or to receive. */
    SOCKET_ERROR
}
