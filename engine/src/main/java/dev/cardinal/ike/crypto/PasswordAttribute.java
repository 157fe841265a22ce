package dev.cardinal.ike.crypto;

import dev.cardinal.ike.wire.IsakmpAttribute;

/** A password on its way to the peer that asks for it: the one secret that a message holds. */
public final class PasswordAttribute {
    private PasswordAttribute() {}

    /**
     * The attribute that holds a password (draft-beaulieu-ike-xauth-02 section 6).
     *
     * @param type of the attribute
     * @param password stays the caller's
     * @return whose value the caller wipes when the message is encrypted
     */
    public static IsakmpAttribute of(int type, Secret password) {
        return password.lend(octets -> IsakmpAttribute.of(type, octets.clone()));
    }
}
