package dev.cardinal.bench.jmh;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AuthProvider;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import javax.crypto.KeyAgreement;
import javax.crypto.interfaces.DHPublicKey;
import javax.crypto.spec.DHParameterSpec;
import javax.security.auth.callback.PasswordCallback;
import org.jspecify.annotations.Nullable;

/**
 * Through the JCA, one operation after the other on the calling thread: the JDK's own providers, or SunPKCS11 on SoftHSM. The
 * latter owns its module's {@code C_Initialize} and needs a process without a {@link dev.cardinal.hsm.pool.TokenPool} on it.
 */
final class JcaWay implements PublicKeyWay {
    private static final byte[] MESSAGE = new byte[64];

    private final @Nullable Provider provider;
    private final @Nullable Provider dhProvider;
    private final @Nullable ThrowAwayToken token;
    private final KeyPair rsa;
    private final KeyPair ec;
    private final Map<Group, Parties> parties = new EnumMap<>(Group.class);

    /** @param peer on the host */
    private record Parties(String generation, String agreement, AlgorithmParameterSpec parameters, PublicKey peer) {}

    private JcaWay(@Nullable Provider provider, @Nullable Provider dhProvider, @Nullable ThrowAwayToken token)
            throws Exception {
        this.provider = provider;
        this.dhProvider = dhProvider;
        this.token = token;
        KeyPairGenerator generator = generator("RSA");
        generator.initialize(2048);
        rsa = generator.generateKeyPair();
        AlgorithmParameterSpec p256 = new ECGenParameterSpec("secp256r1");
        ec = generate("EC", p256);
        addParties(Group.P256, "EC", "ECDH", p256);
        addParties(Group.MODP_2048, "DH", "DH", modp2048());
        if (provider == null) {
            addParties(Group.X25519, "X25519", "X25519", NamedParameterSpec.X25519);
        }
    }

    static JcaWay jdk() throws Exception {
        return new JcaWay(null, null, null);
    }

    /** SunPKCS11 offers no X25519. */
    static JcaWay sunPkcs11() throws Exception {
        ThrowAwayToken token = ThrowAwayToken.create(TokenKind.SOFTHSM);
        return new JcaWay(
                configure(token, "SoftHSM", ""),
                // SoftHSM wants to be told the length of a DH secret, which SunPKCS11 does not do: it takes one for all
                // groups
                configure(token, "SoftHSM-DH", "CKA_VALUE_LEN = 256"),
                token);
    }

    private static Provider configure(ThrowAwayToken token, String name, String secretAttribute) throws Exception {
        Path configuration = Files.createTempFile("sunpkcs11", ".cfg");
        try {
            Files.writeString(configuration, """
                    name = %s
                    library = %s
                    slotListIndex = 0
                    attributes(generate, CKO_PRIVATE_KEY, *) = {
                      CKA_DERIVE = true
                    }
                    attributes(*, CKO_SECRET_KEY, *) = {
                      CKA_SENSITIVE = false
                      CKA_EXTRACTABLE = true
                      %s
                    }
                    """.formatted(name, token.module(), secretAttribute));
            Provider provider =
                    Objects.requireNonNull(Security.getProvider("SunPKCS11")).configure(configuration.toString());
            ((AuthProvider) provider)
                    .login(
                            null,
                            callbacks -> Arrays.stream(callbacks)
                                    .filter(PasswordCallback.class::isInstance)
                                    .forEach(callback -> ((PasswordCallback) callback)
                                            .setPassword(ThrowAwayToken.PIN.toCharArray())));
            return provider;
        } finally {
            Files.delete(configuration);
        }
    }

    private static DHParameterSpec modp2048() throws Exception {
        KeyPairGenerator host = KeyPairGenerator.getInstance("DH", "SunJCE");
        host.initialize(2048); // the JDK's group of that size is RFC 7919's, as good to measure as RFC 3526's
        DHParameterSpec group = ((DHPublicKey) host.generateKeyPair().getPublic()).getParams();
        // without the length of the exponent, which SunPKCS11 would refuse
        return new DHParameterSpec(group.getP(), group.getG());
    }

    private void addParties(Group group, String generation, String agreement, AlgorithmParameterSpec parameters)
            throws Exception {
        KeyPairGenerator host = KeyPairGenerator.getInstance(generation);
        host.initialize(parameters);
        parties.put(
                group,
                new Parties(
                        generation,
                        agreement,
                        parameters,
                        host.generateKeyPair().getPublic()));
    }

    private KeyPairGenerator generator(String algorithm) throws Exception {
        Provider from = from(algorithm);
        return from == null ? KeyPairGenerator.getInstance(algorithm) : KeyPairGenerator.getInstance(algorithm, from);
    }

    private @Nullable Provider from(String algorithm) {
        return algorithm.equals("DH") ? dhProvider : provider;
    }

    private KeyPair generate(String algorithm, AlgorithmParameterSpec parameters) throws Exception {
        KeyPairGenerator generator = generator(algorithm);
        generator.initialize(parameters);
        return generator.generateKeyPair();
    }

    @Override
    public void rsa2048Sign() throws Exception {
        sign("SHA256withRSA", rsa, 256);
    }

    @Override
    public void p256Sign() throws Exception {
        sign("SHA256withECDSA", ec, 8);
    }

    private void sign(String algorithm, KeyPair pair, int leastLength) throws Exception {
        Signature signer =
                provider == null ? Signature.getInstance(algorithm) : Signature.getInstance(algorithm, provider);
        for (int i = 0; i < OPERATIONS; i++) {
            signer.initSign(pair.getPrivate());
            signer.update(MESSAGE);
            require(signer.sign().length >= leastLength, algorithm);
        }
    }

    @Override
    public void generateAndAgree(Group group) throws Exception {
        Parties with = parties.get(group);
        if (with == null) {
            throw new IllegalStateException(group + " is not offered");
        }
        Provider from = from(with.generation());
        KeyAgreement agreement = from == null
                ? KeyAgreement.getInstance(with.agreement())
                : KeyAgreement.getInstance(with.agreement(), from);
        for (int i = 0; i < OPERATIONS; i++) {
            agreement.init(generate(with.generation(), with.parameters()).getPrivate());
            agreement.doPhase(with.peer(), true);
            require(agreement.generateSecret().length > 0, with.agreement());
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException(what + " went wrong");
        }
    }

    @Override
    public void close() throws Exception {
        if (provider instanceof AuthProvider tokens) {
            tokens.logout();
        }
        if (token != null) {
            token.close();
        }
    }
}
