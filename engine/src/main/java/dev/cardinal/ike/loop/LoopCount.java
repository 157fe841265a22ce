package dev.cardinal.ike.loop;

/** What a loop counts. */
public enum LoopCount {
    /** Messages given to an SA. */
    MESSAGES,
    /** First messages that an SA answered before: the answer was sent again. */
    FIRST_MESSAGES_REPEATED,
    /** First messages that made an SA. */
    RESPONDERS,
    INITIATORS,
    ESTABLISHED,
    CLOSED,
    /** Datagrams given to the loop that owns the SA. */
    HANDED_OVER,
    COOKIES_DEMANDED,
    /** Dropped: the owner's inbox was full. */
    DROPPED_INBOX_FULL,
    /** Repeated by a peer whose handshake waits for its turn. */
    INTAKE_REPEATED,
    /** Dropped: the peer was not heard of again while it waited for its turn. */
    INTAKE_EXPIRED,
    /** Dropped: too many handshakes wait for their turn. */
    DROPPED_INTAKE_FULL,
    /** Dropped: no IKE header, or a first message without what it must have. */
    DROPPED_MALFORMED,
    /** Dropped: of an SA that is not here. */
    DROPPED_UNKNOWN_SPI,
    /** Dropped: of a version that is not spoken here. */
    DROPPED_VERSION,
    /** Dropped: too many half-open SAs of its source address. */
    DROPPED_BLOCKED,
    /** Dropped: the table of SAs is full. */
    DROPPED_TABLE_FULL,
    /** Unprotected INVALID_IKE_SPI and INVALID_MAJOR_VERSION sent. */
    ERRORS_ANSWERED,
    /** Requests handed to back ends. */
    SUBMITTED,
    /** Requests that back ends had no room for. */
    REFUSED,
    /** Answers of back ends that came after their SA had ended. */
    STALE_COMPLETIONS,
    /** Flaws of ours. */
    INTERNAL_ERRORS
}
