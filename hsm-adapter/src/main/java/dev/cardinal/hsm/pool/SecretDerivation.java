package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.pkcs11.Mechanism;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Session;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;

/**
 * Derivations from {@code g^xy} by HMAC's definition (RFC 2104), {@code H(K^opad | H(K^ipad | text))}. The key is the
 * host's anyway and the text holds the secret, so that only the inner hash need be where the secret is: on the token,
 * {@code C_DigestKey} feeds it to a digest without its ever leaving.
 */
final class SecretDerivation {

    /** RFC 5869 section 2.3 and RFC 7296 section 2.13: the counter is one octet. */
    private static final int BLOCK_LIMIT = 255;

    /** Two SAs' keys of the longest expansion each, and no more. */
    private static final int CHAIN_BLOCK_LIMIT = 2 * BLOCK_LIMIT + 2;

    private static final byte IPAD = 0x36;
    private static final byte OPAD = 0x5c;

    private SecretDerivation() {}

    /** {@code H(prefix | g^xy | suffix)}, where the secret is. */
    private interface Inner {
        byte[] hash(HashAlgorithm hash, byte[] prefix, byte[] suffix) throws Pkcs11Exception, HsmFailure;
    }

    /** @throws HsmFailure of kind {@code OUR_FAULT} when a length is out of bounds */
    static void check(Derivation derivation) throws HsmFailure {
        switch (derivation) {
            case Derivation.Expand expand -> {
                if (expand.length() < 1
                        || expand.length() > BLOCK_LIMIT * expand.hash().length()) {
                    throw new HsmFailure(Kind.OUR_FAULT, 0, "an expansion to " + expand.length() + " octets");
                }
            }
            case Derivation.Chains chains -> {
                int blocks = chains.length() / chains.hash().length();
                if (blocks < 1
                        || blocks > CHAIN_BLOCK_LIMIT
                        || chains.chains().stream().anyMatch(List::isEmpty)) {
                    throw new HsmFailure(Kind.OUR_FAULT, 0, chains + " of " + blocks + " blocks");
                }
            }
            case Derivation.Hmac hmac -> {}
            case Derivation.Extract extract -> {}
        }
    }

    /**
     * From a secret on the token, by {@code C_DigestKey}.
     *
     * @return a secret that the caller wipes
     */
    static byte[] onToken(Session session, long secret, Derivation derivation) throws Pkcs11Exception, HsmFailure {
        return derive(derivation, (hash, prefix, suffix) -> {
            long handle = session.handle();
            session.cryptoki().digestInit(handle, Mechanism.of(Signatures.digestMechanism(hash)));
            session.cryptoki().digestUpdate(handle, prefix);
            session.cryptoki().digestKey(handle, secret);
            if (suffix.length > 0) {
                session.cryptoki().digestUpdate(handle, suffix);
            }
            byte[] digest = session.cryptoki().digestFinal(handle, hash.length());
            if (digest.length != hash.length()) {
                throw new HsmFailure(Kind.DEVICE_BROKEN, 0, "the token's " + hash + " has a wrong length");
            }
            return digest;
        });
    }

    /**
     * From a secret on the host.
     *
     * @param secret padded to the group's length; stays the caller's
     * @return a secret that the caller wipes
     */
    static byte[] onHost(byte[] secret, Derivation derivation) throws HsmFailure {
        if (derivation instanceof Derivation.Extract) {
            return secret.clone();
        }
        try {
            return derive(derivation, (hash, prefix, suffix) -> {
                MessageDigest digest = digest(hash);
                digest.update(prefix);
                digest.update(secret);
                return digest.digest(suffix);
            });
        } catch (Pkcs11Exception e) {
            throw new AssertionError("no token was asked", e);
        }
    }

    private static byte[] derive(Derivation derivation, Inner inner) throws Pkcs11Exception, HsmFailure {
        return switch (derivation) {
            case Derivation.Hmac hmac -> hmac(hmac.hash(), hmac.key(), new byte[0], hmac.suffix(), inner);
            case Derivation.Expand expand -> expand(expand, inner);
            case Derivation.Chains chains -> chains(chains, inner);
            case Derivation.Extract extract -> throw new IllegalArgumentException("extraction is no derivation");
        };
    }

    private static byte[] chains(Derivation.Chains chains, Inner inner) throws Pkcs11Exception, HsmFailure {
        HashAlgorithm hash = chains.hash();
        byte[] result = new byte[chains.length()];
        byte[] key = chains.key().clone();
        int done = 0;
        try {
            if (chains.seeded()) {
                byte[] seed = hmac(hash, key, new byte[0], new byte[0], inner);
                Arrays.fill(key, (byte) 0);
                key = seed;
                System.arraycopy(key, 0, result, 0, key.length);
                done = key.length;
            }
            for (List<byte[]> chain : chains.chains()) {
                byte[] block = new byte[0];
                for (byte[] suffix : chain) {
                    byte[] next;
                    try {
                        next = hmac(hash, key, block, suffix, inner);
                    } finally {
                        Arrays.fill(block, (byte) 0);
                    }
                    block = next;
                    System.arraycopy(block, 0, result, done, block.length);
                    done += block.length;
                }
                Arrays.fill(block, (byte) 0);
            }
            return result;
        } catch (Pkcs11Exception | HsmFailure e) {
            Arrays.fill(result, (byte) 0);
            throw e;
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    private static byte[] expand(Derivation.Expand expand, Inner inner) throws Pkcs11Exception, HsmFailure {
        byte[] result = new byte[expand.length()];
        byte[] suffix = Arrays.copyOf(expand.suffix(), expand.suffix().length + 1);
        byte[] block = new byte[0];
        try {
            int done = 0;
            for (int counter = 1; done < result.length; counter++) {
                suffix[suffix.length - 1] = (byte) counter;
                byte[] next = hmac(expand.hash(), expand.key(), block, suffix, inner);
                Arrays.fill(block, (byte) 0);
                block = next;
                int taken = Math.min(block.length, result.length - done);
                System.arraycopy(block, 0, result, done, taken);
                done += taken;
            }
            return result;
        } catch (Pkcs11Exception | HsmFailure e) {
            Arrays.fill(result, (byte) 0);
            throw e;
        } finally {
            Arrays.fill(block, (byte) 0);
            Arrays.fill(suffix, (byte) 0);
        }
    }

    /** {@code HMAC(key, before | g^xy | after)}. */
    private static byte[] hmac(HashAlgorithm hash, byte[] key, byte[] before, byte[] after, Inner inner)
            throws Pkcs11Exception, HsmFailure {
        MessageDigest digest = digest(hash);
        // RFC 2104 section 3: keys longer than a block are hashed first
        byte[] hashedKey = key.length > hash.blockLength() ? digest.digest(key) : key.clone();
        byte[] padded = Arrays.copyOf(hashedKey, hash.blockLength());
        byte[] prefix = new byte[padded.length + before.length];
        byte[] innerHash = new byte[0];
        try {
            for (int i = 0; i < padded.length; i++) {
                prefix[i] = (byte) (padded[i] ^ IPAD);
                padded[i] ^= OPAD;
            }
            System.arraycopy(before, 0, prefix, padded.length, before.length);
            innerHash = inner.hash(hash, prefix, after);
            digest.update(padded);
            return digest.digest(innerHash);
        } finally {
            Arrays.fill(hashedKey, (byte) 0);
            Arrays.fill(padded, (byte) 0);
            Arrays.fill(prefix, (byte) 0);
            Arrays.fill(innerHash, (byte) 0);
        }
    }

    private static MessageDigest digest(HashAlgorithm hash) {
        try {
            return MessageDigest.getInstance(hash.jcaName());
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
