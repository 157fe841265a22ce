package dev.cardinal.hsm.pkcs11;

import java.util.List;

/**
 * One operation of a batch and the room for what it makes: {@code CK_CARDINAL_BATCH_LANE}. Arrays given belong to the
 * caller. Lanes of one batch are independent.
 */
public sealed interface Lane {

    /**
     * {@code C_SignInit} and {@code C_Sign}.
     *
     * @param maxLength octets of room for the signature
     */
    record Sign(Mechanism mechanism, long key, byte[] data, int maxLength) implements Lane {}

    /**
     * {@code C_VerifyInit} and {@code C_Verify} with a public key by value, of interface 1.1.
     *
     * @param key the template: the key's type and components
     */
    record Verify(Mechanism mechanism, List<Attribute> key, byte[] data, byte[] signature) implements Lane {}

    /**
     * {@code C_DecryptInit} and {@code C_Decrypt}.
     *
     * @param maxLength octets of room for the plaintext
     */
    record Decrypt(Mechanism mechanism, long key, byte[] data, int maxLength) implements Lane {}

    /**
     * An ephemeral key pair of which only the private key becomes an object.
     *
     * @param parameters the domain parameters, as a public key's template has them
     * @param template the private key's
     * @param maxPublicLength octets of room for the public value
     */
    record Generate(Mechanism mechanism, List<Attribute> parameters, List<Attribute> template, int maxPublicLength)
            implements Lane {}

    /**
     * {@code C_DeriveKey} of a shared secret, and what becomes of it.
     *
     * @param mechanism the derivation with the peer's public value
     */
    record Agree(Mechanism mechanism, long key, Product product) implements Lane {}

    /** {@link Generate} and {@link Agree} in one: the ephemeral private key never becomes an object. */
    record GenerateAndAgree(Mechanism mechanism, List<Attribute> parameters, int maxPublicLength, Product product)
            implements Lane {}

    /** What becomes of a shared secret g. */
    sealed interface Product {

        /**
         * Octets made of g: {@code CK_CARDINAL_DERIVATION}.
         *
         * @param kind one of the derivations of {@link Ckb}
         * @param prf one of the HMAC mechanisms of {@link Ckm}
         * @param key the prf's
         * @param suffix follows g in the prf's text
         * @param length octets that come out
         */
        record Derived(long kind, long prf, byte[] key, byte[] suffix, int length) implements Product {
            @Override
            public String toString() {
                return "Derived[kind=" + kind + ", prf=" + Ckm.nameOf(prf) + ", " + length + " octets]";
            }
        }

        /** A secret key object that holds g. */
        record Kept(List<Attribute> template) implements Product {}
    }

    /**
     * What a lane came to. Where {@code rv} is not {@code CKR_OK} nothing was made.
     *
     * @param rv what the plain functions would have returned, one of {@link Ckr}
     * @param output the signature or the derived octets, which may be a secret; of a {@link Decrypt}, whatever {@code rv} is,
     *     all octets of its room, see {@link Cryptoki.Decryption}; else empty
     * @param length how many octets of {@code output} were made; of a {@link Decrypt} as the module tells, unchecked
     * @param publicValue the public value of a generated key pair; else empty
     * @param object the handle of the object made; else 0
     */
    record Outcome(long rv, byte[] output, long length, byte[] publicValue, long object) {

        /** Of any lane but a {@link Decrypt}. */
        public Outcome(long rv, byte[] output, byte[] publicValue, long object) {
            this(rv, output, output.length, publicValue, object);
        }

        /** Without the return value, which may be that of a decryption. */
        @Override
        public String toString() {
            return "Outcome[" + output.length + " octets]";
        }
    }
}
