package dev.cardinal.ike.sa;

/** Extended authentication within IKEv1 (draft-beaulieu-ike-xauth-02), which follows phase 1. */
public sealed interface XauthPolicy {

    /**
     * The peer asks and we answer: {@code auth = xauth} in a {@code local} section.
     *
     * @param user our user name; its password is among the {@link Credentials}
     */
    record Answering(String user) implements XauthPolicy {}

    /**
     * We ask the peer: {@code auth = xauth} in a {@code remote} section.
     *
     * @param users the user names that may come in
     */
    record Asking(UserPattern users) implements XauthPolicy {}
}
