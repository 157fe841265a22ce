package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.KeyExchangeHandle;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import dev.cardinal.ike.crypto.RandomSource;
import dev.cardinal.ike.crypto.Secret;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECPublicKeySpec;
import java.util.Arrays;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.DHPrivateKeySpec;
import javax.crypto.spec.DHPublicKeySpec;
import org.bouncycastle.math.ec.rfc7748.X25519;
import org.bouncycastle.math.ec.rfc7748.X448;
import org.jspecify.annotations.Nullable;

/**
 * Our half of a key exchange in the host's memory. MODP and ECP are computed by the JDK; X25519 and X448 by Bouncy Castle,
 * whose functions take octets that can be wiped afterwards and are several times as fast. A private key that the JDK made
 * (ECP) cannot be wiped, only forgotten.
 */
final class HostKeyExchange implements KeyExchangeHandle, AutoCloseable {

    /** The private part. */
    private sealed interface Half {
        record Exponent(Secret octets) implements Half {}

        record Scalar(Secret octets) implements Half {}

        record CurveKey(PrivateKey key) implements Half {}
    }

    private final KeyExchangeMethod method;
    private final byte[] publicValue;
    private @Nullable Half half;

    private HostKeyExchange(KeyExchangeMethod method, Half half, byte[] publicValue) {
        this.method = method;
        this.half = half;
        this.publicValue = publicValue;
    }

    /** A fresh key pair. ECP keys come from the JDK's own generator. */
    static HostKeyExchange generate(KeyExchangeMethod method, RandomSource random) throws GeneralSecurityException {
        return switch (method) {
            case MODP_1024, MODP_1536, MODP_2048, MODP_3072, MODP_4096, MODP_6144, MODP_8192 -> {
                byte[] exponent = random.octets(ModpGroup.of(method).exponentBits() / 8);
                exponent[0] |= (byte) 0x80; // a full-length exponent, and never zero
                yield ofExponent(method, Secret.owning(exponent));
            }
            case ECP_256, ECP_384, ECP_521 -> {
                KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
                generator.initialize(EcpGroup.of(method).parameters());
                KeyPair pair = generator.generateKeyPair();
                if (!(pair.getPublic() instanceof ECPublicKey key)) {
                    throw new GeneralSecurityException("no EC key generated");
                }
                yield ofCurveKey(method, pair.getPrivate(), EcpGroup.of(method).encode(key.getW()));
            }
            case CURVE_25519 -> ofScalar(method, Secret.owning(random.octets(X25519.SCALAR_SIZE)));
            case CURVE_448 -> ofScalar(method, Secret.owning(random.octets(X448.SCALAR_SIZE)));
        };
    }

    /** @param exponent big-endian; passes to the handle */
    static HostKeyExchange ofExponent(KeyExchangeMethod method, Secret exponent) {
        ModpGroup group = ModpGroup.of(method);
        byte[] value = exponent.lend(
                octets -> group.encode(group.generator().modPow(new BigInteger(1, octets), group.prime())));
        return new HostKeyExchange(method, new Half.Exponent(exponent), value);
    }

    /** @param scalar as in RFC 7748, before its bits are set and cleared; passes to the handle */
    static HostKeyExchange ofScalar(KeyExchangeMethod method, Secret scalar) {
        byte[] value = new byte[method.publicLength()];
        scalar.<@Nullable Void>lend(octets -> {
            if (method == KeyExchangeMethod.CURVE_25519) {
                X25519.scalarMultBase(octets, 0, value, 0);
            } else {
                X448.scalarMultBase(octets, 0, value, 0);
            }
            return null;
        });
        return new HostKeyExchange(method, new Half.Scalar(scalar), value);
    }

    static HostKeyExchange ofCurveKey(KeyExchangeMethod method, PrivateKey key, byte[] publicValue) {
        return new HostKeyExchange(method, new Half.CurveKey(key), publicValue);
    }

    @Override
    public KeyExchangeMethod method() {
        return method;
    }

    /** As the Key Exchange payload carries it, a fresh copy. */
    byte[] publicValue() {
        return publicValue.clone();
    }

    /**
     * {@code g^ir}, padded to the group's length; passes to the caller. May be asked while another thread releases.
     *
     * @return null where the handle was released
     */
    @Nullable
    Secret agree(byte[] peerValue) throws RefusedPublicValue, GeneralSecurityException {
        PublicValues.check(method, peerValue);
        Half copy = copyOfHalf();
        return switch (copy) {
            case null -> null;
            case Half.Exponent exponent -> {
                try (Secret octets = exponent.octets()) {
                    yield agreeModp(octets, peerValue);
                }
            }
            case Half.Scalar scalar -> {
                try (Secret octets = scalar.octets()) {
                    yield agreeMontgomery(octets, peerValue);
                }
            }
            case Half.CurveKey curve -> agreeEcp(curve.key(), peerValue);
        };
    }

    private synchronized @Nullable Half copyOfHalf() {
        return switch (half) {
            case null -> null;
            case Half.Exponent exponent -> new Half.Exponent(exponent.octets().copy());
            case Half.Scalar scalar -> new Half.Scalar(scalar.octets().copy());
            case Half.CurveKey key -> key;
        };
    }

    private Secret agreeModp(Secret exponent, byte[] peerValue) throws RefusedPublicValue, GeneralSecurityException {
        ModpGroup group = ModpGroup.of(method);
        BigInteger x = exponent.lend(octets -> new BigInteger(1, octets));
        KeyFactory factory = KeyFactory.getInstance("DH");
        KeyAgreement agreement = KeyAgreement.getInstance("DH");
        agreement.init(
                factory.generatePrivate(new DHPrivateKeySpec(x, group.prime(), group.generator())), group.parameters());
        agreement.doPhase(
                factory.generatePublic(new DHPublicKeySpec(group.decode(peerValue), group.prime(), group.generator())),
                true);
        return padded(agreement.generateSecret(), group.length());
    }

    private Secret agreeEcp(PrivateKey key, byte[] peerValue) throws RefusedPublicValue, GeneralSecurityException {
        EcpGroup group = EcpGroup.of(method);
        KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
        agreement.init(key);
        agreement.doPhase(
                KeyFactory.getInstance("EC")
                        .generatePublic(new ECPublicKeySpec(group.decode(peerValue), group.parameters())),
                true);
        // RFC 5903 section 9: the secret is the x coordinate alone
        return padded(agreement.generateSecret(), group.fieldLength());
    }

    private Secret agreeMontgomery(Secret scalar, byte[] peerValue) throws RefusedPublicValue {
        byte[] shared = new byte[method.publicLength()];
        boolean usable = scalar.lend(octets -> method == KeyExchangeMethod.CURVE_25519
                ? X25519.calculateAgreement(octets, 0, peerValue, 0, shared, 0)
                : X448.calculateAgreement(octets, 0, peerValue, 0, shared, 0));
        if (!usable) {
            // RFC 8031 section 3 through RFC 7748 section 6: an all-zero secret is refused
            throw new RefusedPublicValue("agreement on zero");
        }
        return Secret.owning(shared);
    }

    /** Takes the array over. */
    private static Secret padded(byte[] secret, int length) {
        if (secret.length == length) {
            return Secret.owning(secret);
        }
        byte[] padded = new byte[length];
        System.arraycopy(secret, 0, padded, length - secret.length, secret.length);
        Arrays.fill(secret, (byte) 0);
        return Secret.owning(padded);
    }

    /** Wipes. Closing twice is harmless. */
    @Override
    public synchronized void close() {
        switch (half) {
            case null -> {}
            case Half.Exponent exponent -> exponent.octets().close();
            case Half.Scalar scalar -> scalar.octets().close();
            case Half.CurveKey key -> {}
        }
        half = null;
    }

    @Override
    public String toString() {
        return "HostKeyExchange[" + method + "]";
    }
}
