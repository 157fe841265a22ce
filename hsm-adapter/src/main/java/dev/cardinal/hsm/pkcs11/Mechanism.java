package dev.cardinal.hsm.pkcs11;

/**
 * A mechanism and its parameter.
 *
 * @param type one of {@link Ckm}, or a vendor's
 */
public record Mechanism(long type, Parameter parameter) {

    /** What a mechanism takes beside its number. */
    public sealed interface Parameter {

        /** No parameter. */
        record None() implements Parameter {}

        /** Octets as they are: the peer's public value of {@link Ckm#DH_PKCS_DERIVE}. */
        record Raw(byte[] value) implements Parameter {}

        /**
         * {@code CK_RSA_PKCS_PSS_PARAMS}.
         *
         * @param hash a digest of {@link Ckm}
         * @param mgf one of {@link Ckg}
         * @param saltLength in octets
         */
        record Pss(long hash, long mgf, long saltLength) implements Parameter {}

        /**
         * {@code CK_ECDH1_DERIVE_PARAMS} without shared data.
         *
         * @param kdf one of {@link Ckd}
         * @param publicData the peer's point, in the form that the token takes
         */
        record Ecdh1(long kdf, byte[] publicData) implements Parameter {}
    }

    private static final Parameter NONE = new Parameter.None();

    public static Mechanism of(long type) {
        return new Mechanism(type, NONE);
    }

    /** Diffie-Hellman with the peer's public value, a big integer. */
    public static Mechanism dhDerive(byte[] peerPublic) {
        return new Mechanism(Ckm.DH_PKCS_DERIVE, new Parameter.Raw(peerPublic));
    }

    /** Elliptic curve Diffie-Hellman whose result is the x coordinate, or the u coordinate. */
    public static Mechanism ecdh1Derive(byte[] peerPoint) {
        return new Mechanism(Ckm.ECDH1_DERIVE, new Parameter.Ecdh1(Ckd.NULL, peerPoint));
    }

    @Override
    public String toString() {
        return Ckm.nameOf(type);
    }
}
