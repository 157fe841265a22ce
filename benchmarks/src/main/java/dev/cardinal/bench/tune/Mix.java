package dev.cardinal.bench.tune;

import dev.cardinal.bench.load.Suite;
import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmBusy;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyExchangeRef;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.Urgency;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.ike.crypto.KeyExchangeMethod;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What a responder's handshake asks of a token, as far as this token has a part in it: an ephemeral key pair; the agreement and
 * SKEYSEED; whether the peer's signature is good; our own signature.
 *
 * @param steps in a handshake's order; at least one
 */
record Mix(
        List<Step> steps,
        KeyExchangeGroup group,
        byte[] peerValue,
        @Nullable KeyRef key,
        @Nullable SignatureMechanism mechanism,
        @Nullable PeerSignature peer) {

    private static final int MESSAGE_OCTETS = 256;
    private static final int NONCES_OCTETS = 64;
    private static final long PATIENCE_SECONDS = 60;

    /** SKEYSEED with HMAC-SHA-256, as every suite has it. */
    private static final Derivation SKEYSEED =
            new Derivation.Hmac(HashAlgorithm.SHA256, new byte[NONCES_OCTETS], new byte[0]);

    enum Step {
        GENERATE,
        AGREE,
        VERIFY,
        SIGN
    }

    /** A signature of somebody else's, as it comes in an IKE_AUTH request. */
    private record PeerSignature(PublicKey key, SignatureMechanism mechanism, byte[] message, byte[] signature) {}

    /** The group that a method is on a token. */
    static KeyExchangeGroup group(KeyExchangeMethod method) {
        return switch (method) {
            case MODP_1024 -> KeyExchangeGroup.MODP_1024;
            case MODP_1536 -> KeyExchangeGroup.MODP_1536;
            case MODP_2048 -> KeyExchangeGroup.MODP_2048;
            case MODP_3072 -> KeyExchangeGroup.MODP_3072;
            case MODP_4096 -> KeyExchangeGroup.MODP_4096;
            case MODP_6144 -> KeyExchangeGroup.MODP_6144;
            case MODP_8192 -> KeyExchangeGroup.MODP_8192;
            case ECP_256 -> KeyExchangeGroup.P256;
            case ECP_384 -> KeyExchangeGroup.P384;
            case ECP_521 -> KeyExchangeGroup.P521;
            case CURVE_25519 -> KeyExchangeGroup.X25519;
            case CURVE_448 -> KeyExchangeGroup.X448;
        };
    }

    /**
     * What this token has to do in handshakes of a suite.
     *
     * @param keyInfo DER of the public key whose private key the token shall have; null where it is not to sign
     * @throws IOException where the token has no part in them
     */
    static Mix of(TokenPool pool, Suite suite, byte @Nullable [] keyInfo) throws IOException, HsmFailure {
        KeyExchangeGroup group = group(suite.keyExchange());
        List<Step> steps = new ArrayList<>();
        byte[] peerValue = new byte[0];
        if (pool.profile().groups().contains(group)) {
            steps.add(Step.GENERATE);
            steps.add(Step.AGREE);
            peerValue = publicValue(pool, group);
        }
        PeerSignature peer = peerSignature(suite);
        if (peer != null && pool.profile().verifications().contains(peer.mechanism())) {
            steps.add(Step.VERIFY);
        } else {
            peer = null;
        }
        KeyRef key = keyInfo == null ? null : pool.findKey(keyInfo);
        SignatureMechanism mechanism =
                key == null ? null : mechanism(key, pool.profile().signatures());
        if (mechanism != null) {
            steps.add(Step.SIGN);
        }
        if (steps.isEmpty()) {
            throw new IOException("token " + pool.profile().label() + " has no part in handshakes of " + suite
                    + ": it offers neither the key exchange nor the signatures, and holds no key of the configuration");
        }
        return new Mix(List.copyOf(steps), group, peerValue, key, mechanism, peer);
    }

    private static byte[] publicValue(TokenPool pool, KeyExchangeGroup group) throws IOException, HsmFailure {
        try {
            HsmResult made = pool.submit(new HsmRequest.Generate(group, Urgency.NEW, deadline()))
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            HsmResult.Generated generated = (HsmResult.Generated) made;
            pool.release(generated.handle());
            return generated.publicValue();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HsmFailure failure) {
                throw failure;
            }
            throw new IOException("no key pair of " + group + ": " + e.getCause(), e);
        } catch (HsmBusy | TimeoutException e) {
            throw new IOException("the token does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static SignatureMechanism mechanism(KeyRef key, Set<SignatureMechanism> offered) throws IOException {
        PublicKey publicKey = SubjectKeys.parse(key.publicKeyInfo());
        List<SignatureMechanism> fitting = switch (publicKey) {
            case RSAPublicKey rsa -> List.of(SignatureMechanism.RSA_PKCS1_SHA256, SignatureMechanism.RSA_PSS_SHA256);
            case ECPublicKey ec ->
                switch (ec.getParams().getCurve().getField().getFieldSize()) {
                    case 256 -> List.of(SignatureMechanism.ECDSA_SHA256);
                    case 384 -> List.of(SignatureMechanism.ECDSA_SHA384);
                    default -> List.of(SignatureMechanism.ECDSA_SHA512);
                };
            default -> List.of(SignatureMechanism.ED25519);
        };
        return fitting.stream()
                .filter(offered::contains)
                .findFirst()
                .orElseThrow(() -> new IOException("the token signs with none of " + fitting + " for " + key.uri()));
    }

    /** Made by the JDK with a key of the suite's kind; null where peers do not sign. */
    private static @Nullable PeerSignature peerSignature(Suite suite) {
        Suite.Authentication kind = suite.authentication();
        if (!kind.hasCertificates()) {
            return null;
        }
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(kind.isRsa() ? "RSA" : "EC");
            if (kind.isRsa()) {
                generator.initialize(kind.bits());
            } else {
                generator.initialize(new ECGenParameterSpec("secp256r1"));
            }
            KeyPair keys = generator.generateKeyPair();
            byte[] message = new byte[MESSAGE_OCTETS];
            Signature signer = Signature.getInstance(kind.isRsa() ? "SHA256withRSA" : "SHA256withECDSAinP1363Format");
            signer.initSign(keys.getPrivate());
            signer.update(message);
            return new PeerSignature(
                    keys.getPublic(),
                    kind.isRsa() ? SignatureMechanism.RSA_PKCS1_SHA256 : SignatureMechanism.ECDSA_SHA256,
                    message,
                    signer.sign());
        } catch (GeneralSecurityException e) {
            throw new AssertionError("the JDK has RSA and ECDSA", e);
        }
    }

    /** @param handle of the handshake's key pair; null before there is one */
    HsmRequest request(Step step, @Nullable KeyExchangeRef handle) {
        return switch (step) {
            case GENERATE -> new HsmRequest.Generate(group, Urgency.NEW, deadline());
            case AGREE ->
                new HsmRequest.Agree(Objects.requireNonNull(handle), peerValue, SKEYSEED, Urgency.BEGUN, deadline());
            case VERIFY -> {
                PeerSignature theirs = Objects.requireNonNull(peer);
                yield new HsmRequest.Verify(
                        theirs.key(),
                        theirs.mechanism(),
                        theirs.message(),
                        theirs.signature(),
                        Urgency.BEGUN,
                        deadline());
            }
            case SIGN ->
                new HsmRequest.Sign(
                        Objects.requireNonNull(key),
                        Objects.requireNonNull(mechanism),
                        new byte[MESSAGE_OCTETS],
                        Urgency.BEGUN,
                        deadline());
        };
    }

    private static long deadline() {
        return System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    }
}
