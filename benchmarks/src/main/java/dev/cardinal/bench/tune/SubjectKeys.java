package dev.cardinal.bench.tune;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.ike.config.CertificateSource;
import dev.cardinal.ike.config.Configuration;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The public keys of a configuration's own certificates. */
final class SubjectKeys {
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "Ed25519");

    private SubjectKeys() {}

    /** DER of the first of our certificates' keys whose private key is on the token; null where none is. */
    static byte @Nullable [] onToken(Configuration configuration, TokenPool pool) throws HsmFailure {
        Set<X509Certificate> ours = new LinkedHashSet<>();
        configuration
                .connections()
                .forEach(connection -> connection.localCertificates().forEach(source -> {
                    if (source instanceof CertificateSource.InFile file) {
                        ours.add(file.certificate());
                    }
                }));
        ours.addAll(configuration.certificates());
        for (X509Certificate certificate : ours) {
            byte[] info = certificate.getPublicKey().getEncoded();
            try {
                pool.findKey(info);
                return info;
            } catch (HsmFailure e) {
                if (e.kind() != HsmFailure.Kind.OUR_FAULT) { // else: none or several of this key
                    throw e;
                }
            }
        }
        return null;
    }

    static PublicKey parse(byte[] publicKeyInfo) throws IOException {
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(publicKeyInfo));
            } catch (GeneralSecurityException e) {
                // another kind of key
            }
        }
        throw new IOException("a public key that is neither RSA nor EC nor Ed25519");
    }
}
