package dev.cardinal.ike.cli;

import dev.cardinal.hsm.HsmBusy;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.Urgency;
import dev.cardinal.hsm.pool.PinSource;
import dev.cardinal.hsm.pool.PublicKeyLookup;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.hsm.pool.TokenSettings;
import dev.cardinal.ike.config.KeyFile;
import dev.cardinal.ike.crypto.EcdsaSignature;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.interfaces.ECPublicKey;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.DefaultSignatureAlgorithmIdentifierFinder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A key that signs certificates and requests, through Bouncy Castle's {@link ContentSigner}.
 *
 * <p>A key on a token signs through a {@link TokenPool} and not through SunPKCS11, whose key store shows only keys that
 * already have a certificate beside them, which a key that wants its first one has not.
 */
final class CertificateKey implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;

    private final SubjectPublicKeyInfo publicKey;
    private final ContentSigner signer;
    private final @Nullable TokenPool pool;

    private CertificateKey(SubjectPublicKeyInfo publicKey, ContentSigner signer, @Nullable TokenPool pool) {
        this.publicKey = publicKey;
        this.signer = signer;
        this.pool = pool;
    }

    static CertificateKey inFile(KeyFile file) {
        String algorithm = switch (file.publicKey().getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> ecdsa((ECPublicKey) file.publicKey());
            default -> file.publicKey().getAlgorithm();
        };
        try {
            return new CertificateKey(
                    SubjectPublicKeyInfo.getInstance(file.publicKey().getEncoded()),
                    new JcaContentSignerBuilder(algorithm).build(file.privateKey()),
                    null);
        } catch (OperatorCreationException e) {
            throw new CommandFailure("the key in " + file.file() + " cannot sign: " + e.getMessage());
        }
    }

    private static String ecdsa(ECPublicKey key) {
        int bits = key.getParams().getCurve().getField().getFieldSize();
        return bits <= 256 ? "SHA256withECDSA" : bits <= 384 ? "SHA384withECDSA" : "SHA512withECDSA";
    }

    /** @param name the key's label, or its id in hexadecimal */
    static CertificateKey onToken(
            Path module, @Nullable String initArgs, TokenSelector selector, PinSource pin, String name)
            throws HsmFailure {
        byte[] publicKey = PublicKeyLookup.find(module, initArgs, selector, pin, name);
        TokenPool pool = TokenPool.open(TokenSettings.of(module, initArgs, selector, pin)
                .withGroups(Set.of())
                .withWorkers(1));
        try {
            SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(publicKey);
            return new CertificateKey(info, new TokenSigner(pool, pool.findKey(publicKey), mechanism(info)), pool);
        } catch (HsmFailure | RuntimeException e) {
            pool.close();
            throw e;
        }
    }

    private static SignatureMechanism mechanism(SubjectPublicKeyInfo key) {
        if (!key.getAlgorithm().getAlgorithm().equals(X9ObjectIdentifiers.id_ecPublicKey)) {
            return SignatureMechanism.RSA_PKCS1_SHA256;
        }
        if (SECObjectIdentifiers.secp384r1.equals(key.getAlgorithm().getParameters())) {
            return SignatureMechanism.ECDSA_SHA384;
        }
        return SECObjectIdentifiers.secp521r1.equals(key.getAlgorithm().getParameters())
                ? SignatureMechanism.ECDSA_SHA512
                : SignatureMechanism.ECDSA_SHA256;
    }

    SubjectPublicKeyInfo publicKey() {
        return publicKey;
    }

    ContentSigner signer() {
        return signer;
    }

    @Override
    public void close() {
        if (pool != null) {
            pool.close();
        }
    }

    /** Collects what is to be signed and lets the token sign it. */
    private static final class TokenSigner implements ContentSigner {
        private final TokenPool pool;
        private final KeyRef key;
        private final SignatureMechanism mechanism;
        private final ByteArrayOutputStream content = new ByteArrayOutputStream();

        TokenSigner(TokenPool pool, KeyRef key, SignatureMechanism mechanism) {
            this.pool = pool;
            this.key = key;
            this.mechanism = mechanism;
        }

        private boolean isRsa() {
            return mechanism == SignatureMechanism.RSA_PKCS1_SHA256;
        }

        @Override
        public AlgorithmIdentifier getAlgorithmIdentifier() {
            String name = isRsa() ? "SHA256WITHRSA" : mechanism.name().substring("ECDSA_".length()) + "WITHECDSA";
            return new DefaultSignatureAlgorithmIdentifierFinder().find(name);
        }

        @Override
        public OutputStream getOutputStream() {
            content.reset();
            return content;
        }

        @Override
        public byte[] getSignature() {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            try {
                HsmResult result = pool.submit(
                                new HsmRequest.Sign(key, mechanism, content.toByteArray(), Urgency.NEW, deadline))
                        .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                if (!(result instanceof HsmResult.Signed signed)) {
                    throw new IllegalStateException("not a signature: " + result);
                }
                return isRsa() ? signed.signature() : EcdsaSignature.toDer(signed.signature());
            } catch (ExecutionException e) {
                throw new CommandFailure(
                        "the token did not sign: " + (e.getCause() == null ? e : e.getCause()).getMessage());
            } catch (HsmBusy | java.util.concurrent.TimeoutException e) {
                throw new CommandFailure("the token did not sign in time");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CommandFailure("interrupted");
            }
        }
    }
}
