package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Mechanism;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How one group is spoken to a token. All values a driver handles are public, but for the secrets of its self-test,
 * which protect nothing.
 */
sealed interface GroupDriver permits ModpDriver, EcpDriver, MontgomeryDriver {

    /** A peer's public value made for one of the token's own, and the shared secret that must follow. */
    record SelfTest(byte[] peerPublic, byte[] secret) {}

    KeyExchangeGroup group();

    /** Octets of the public value as the key exchange payload carries it. */
    int publicLength();

    /** Octets of the shared secret, leading zeros included. */
    int secretLength();

    /** The mechanism that makes a key pair. */
    Mechanism generation();

    /** The group's parameters for the public key's template. */
    List<Attribute> parameters();

    /** The attribute that holds the public value. */
    long publicAttribute();

    /** The token's form of a public value as the payload's; null where it is none of this group. */
    byte @Nullable [] payloadOf(byte[] tokenPublic);

    /**
     * The derivation with a peer's public value, which is checked first.
     *
     * @throws HsmFailure of kind {@code PEER_DATA} when the value is not acceptable in this group
     */
    Mechanism derivation(byte[] peerPublic) throws HsmFailure;

    /**
     * A peer for whom the secret begins with a zero octet: one token in three forgets it.
     *
     * @param ownPublic the token's public value as the payload carries it
     */
    SelfTest selfTest(byte[] ownPublic);

    static HsmFailure refused(KeyExchangeGroup group, String reason) {
        return new HsmFailure(HsmFailure.Kind.PEER_DATA, 0, group + ": the peer's public value " + reason);
    }
}
