package dev.cardinal.hsm;

/** The outcome of an agreement: an object on the token, or octets on the host that only the adapter reads. */
public interface SharedSecret {

    /** True where {@code g^xy} stays on the token. */
    boolean onToken();
}
