package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.KeyExchangeGroup;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.XECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPublicKeySpec;
import java.util.Arrays;
import java.util.List;
import javax.crypto.KeyAgreement;
import javax.crypto.Mac;
import javax.crypto.interfaces.DHPublicKey;
import javax.crypto.spec.DHParameterSpec;
import javax.crypto.spec.DHPublicKeySpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.agreement.DHStandardGroups;
import org.bouncycastle.crypto.params.DHParameters;

/** The other side of a key exchange, by the JDK alone; MODP parameters are Bouncy Castle's. */
final class HostPeer {

    static final List<KeyExchangeGroup> MODP = List.of(
            KeyExchangeGroup.MODP_1024,
            KeyExchangeGroup.MODP_1536,
            KeyExchangeGroup.MODP_2048,
            KeyExchangeGroup.MODP_3072,
            KeyExchangeGroup.MODP_4096,
            KeyExchangeGroup.MODP_6144,
            KeyExchangeGroup.MODP_8192);

    private final KeyExchangeGroup group;
    private final KeyPair pair;

    private HostPeer(KeyExchangeGroup group, KeyPair pair) {
        this.group = group;
        this.pair = pair;
    }

    static HostPeer of(KeyExchangeGroup group) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(
                switch (group) {
                    case MODP_1024, MODP_1536, MODP_2048, MODP_3072, MODP_4096, MODP_6144, MODP_8192 -> "DH";
                    case P256, P384, P521 -> "EC";
                    case X25519, X448 -> "XDH";
                });
        switch (group) {
            case MODP_1024, MODP_1536, MODP_2048, MODP_3072, MODP_4096, MODP_6144, MODP_8192 ->
                generator.initialize(new DHParameterSpec(prime(group), BigInteger.TWO, 512));
            case P256 -> generator.initialize(new ECGenParameterSpec("secp256r1"));
            case P384 -> generator.initialize(new ECGenParameterSpec("secp384r1"));
            case P521 -> generator.initialize(new ECGenParameterSpec("secp521r1"));
            case X25519 -> generator.initialize(NamedParameterSpec.X25519);
            case X448 -> generator.initialize(NamedParameterSpec.X448);
        }
        return new HostPeer(group, generator.generateKeyPair());
    }

    static BigInteger prime(KeyExchangeGroup group) {
        DHParameters parameters = switch (group) {
            case MODP_1024 -> DHStandardGroups.rfc2409_1024;
            case MODP_1536 -> DHStandardGroups.rfc3526_1536;
            case MODP_2048 -> DHStandardGroups.rfc3526_2048;
            case MODP_3072 -> DHStandardGroups.rfc3526_3072;
            case MODP_4096 -> DHStandardGroups.rfc3526_4096;
            case MODP_6144 -> DHStandardGroups.rfc3526_6144;
            case MODP_8192 -> DHStandardGroups.rfc3526_8192;
            case P256, P384, P521, X25519, X448 -> throw new IllegalArgumentException(group.name());
        };
        return parameters.getP();
    }

    /** Octets of the public value in the payload. */
    static int publicLength(KeyExchangeGroup group) {
        return switch (group) {
            case MODP_1024 -> 128;
            case MODP_1536 -> 192;
            case MODP_2048 -> 256;
            case MODP_3072 -> 384;
            case MODP_4096 -> 512;
            case MODP_6144 -> 768;
            case MODP_8192 -> 1024;
            case P256 -> 64;
            case P384 -> 96;
            case P521 -> 132;
            case X25519 -> 32;
            case X448 -> 56;
        };
    }

    byte[] publicValue() {
        int length = publicLength(group);
        return switch (pair.getPublic()) {
            case DHPublicKey dh -> fixed(dh.getY(), length);
            case ECPublicKey ec -> concatenated(ec.getW(), length / 2);
            case XECPublicKey x -> reversed(fixed(x.getU(), length));
            default -> throw new AssertionError(pair.getPublic());
        };
    }

    /** The shared secret, padded. */
    byte[] agree(byte[] theirs) throws GeneralSecurityException {
        PublicKey key = switch (group) {
            case MODP_1024, MODP_1536, MODP_2048, MODP_3072, MODP_4096, MODP_6144, MODP_8192 ->
                KeyFactory.getInstance("DH")
                        .generatePublic(new DHPublicKeySpec(new BigInteger(1, theirs), prime(group), BigInteger.TWO));
            case P256, P384, P521 ->
                KeyFactory.getInstance("EC")
                        .generatePublic(new ECPublicKeySpec(
                                new ECPoint(
                                        new BigInteger(1, theirs, 0, theirs.length / 2),
                                        new BigInteger(1, theirs, theirs.length / 2, theirs.length / 2)),
                                ((ECPublicKey) pair.getPublic()).getParams()));
            case X25519, X448 ->
                KeyFactory.getInstance("XDH")
                        .generatePublic(new XECPublicKeySpec(
                                group == KeyExchangeGroup.X25519 ? NamedParameterSpec.X25519 : NamedParameterSpec.X448,
                                new BigInteger(1, reversed(theirs))));
        };
        KeyAgreement agreement = KeyAgreement.getInstance(
                pair.getPrivate().getAlgorithm().equals("EC")
                        ? "ECDH"
                        : pair.getPrivate().getAlgorithm());
        agreement.init(pair.getPrivate());
        agreement.doPhase(key, true);
        return agreement.generateSecret();
    }

    /** {@link Derivation.Chains} as it is written there, by the JDK's MAC. */
    static byte[] chains(Derivation.Chains chains, byte[] secret) throws GeneralSecurityException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] key = chains.key();
        if (chains.seeded()) {
            key = hmac(chains.hash(), key, secret);
            all.writeBytes(key);
        }
        for (List<byte[]> chain : chains.chains()) {
            byte[] last = {};
            for (byte[] suffix : chain) {
                last = hmac(chains.hash(), key, last, secret, suffix);
                all.writeBytes(last);
            }
        }
        return all.toByteArray();
    }

    static byte[] hmac(HashAlgorithm hash, byte[] key, byte[]... parts) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("Hmac" + hash.name());
        // HMAC pads keys with zeros; the JDK refuses an empty one
        mac.init(new SecretKeySpec(key.length == 0 ? new byte[1] : key, "HMAC"));
        for (byte[] part : parts) {
            mac.update(part);
        }
        return mac.doFinal();
    }

    static byte[] expand(HashAlgorithm hash, byte[] key, byte[] secret, byte[] suffix, int length)
            throws GeneralSecurityException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] block = new byte[0];
        for (int counter = 1; all.size() < length; counter++) {
            block = hmac(hash, key, block, secret, suffix, new byte[] {(byte) counter});
            all.writeBytes(block);
        }
        return Arrays.copyOf(all.toByteArray(), length);
    }

    static byte[] concatenated(ECPoint point, int length) {
        byte[] both = Arrays.copyOf(fixed(point.getAffineX(), length), 2 * length);
        System.arraycopy(fixed(point.getAffineY(), length), 0, both, length, length);
        return both;
    }

    static byte[] fixed(BigInteger value, int length) {
        byte[] octets = value.toByteArray();
        byte[] fixed = new byte[length];
        int from = Math.max(octets.length - length, 0);
        System.arraycopy(octets, from, fixed, length - (octets.length - from), octets.length - from);
        return fixed;
    }

    static byte[] reversed(byte[] octets) {
        byte[] reversed = new byte[octets.length];
        for (int i = 0; i < octets.length; i++) {
            reversed[i] = octets[octets.length - 1 - i];
        }
        return reversed;
    }
}
