package dev.cardinal.hsm.card;

import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.DHParameterSpec;
import javax.security.auth.callback.PasswordCallback;

/** What a Java application does with a token through the JDK's own provider; a process of its own, which keeps it whole. */
final class SunPkcs11Program {

    static final List<String> STEPS = List.of(
            "RSA signs with SHA256withRSA",
            "RSA signs with SHA512withRSA",
            "RSA signs with SHA256withRSASSA-PSS",
            "RSA decrypts",
            "EC secp256r1 signs",
            "EC secp256r1 agrees",
            "EC secp384r1 signs",
            "EC secp384r1 agrees",
            "DH 2048 agrees",
            "DH 3072 agrees");

    private static final byte[] MESSAGE = "signed on the card".getBytes(StandardCharsets.US_ASCII);

    private final Provider provider;

    private SunPkcs11Program(Provider provider) {
        this.provider = provider;
    }

    public static void main(String[] arguments) throws Exception {
        Provider provider = Security.getProvider("SunPKCS11").configure(arguments[0]);
        Security.addProvider(provider);
        ((java.security.AuthProvider) provider)
                .login(
                        null,
                        callbacks -> Arrays.stream(callbacks)
                                .filter(PasswordCallback.class::isInstance)
                                .forEach(callback ->
                                        ((PasswordCallback) callback).setPassword(arguments[1].toCharArray())));
        new SunPkcs11Program(provider).run();
    }

    private void run() throws Exception {
        KeyPair rsa = generate("RSA", null, 2048);
        for (String algorithm : List.of("SHA256withRSA", "SHA512withRSA", "SHA256withRSASSA-PSS")) {
            sign(rsa, algorithm);
            say("RSA signs with " + algorithm);
        }
        decrypt(rsa);
        say("RSA decrypts");
        for (String curve : List.of("secp256r1", "secp384r1")) {
            AlgorithmParameterSpec parameters = new ECGenParameterSpec(curve);
            KeyPair ours = generate("EC", parameters, 0);
            sign(ours, "SHA256withECDSA");
            say("EC " + curve + " signs");
            KeyPairGenerator host = KeyPairGenerator.getInstance("EC", "SunEC");
            host.initialize(parameters);
            agree("ECDH", ours, host.generateKeyPair(), "SunEC");
            say("EC " + curve + " agrees");
        }
        for (int bits : new int[] {2048, 3072}) {
            KeyPairGenerator host = KeyPairGenerator.getInstance("DH", "SunJCE");
            host.initialize(bits);
            KeyPair theirs = host.generateKeyPair();
            DHParameterSpec group = ((javax.crypto.interfaces.DHPublicKey) theirs.getPublic()).getParams();
            agree("DH", generate("DH", new DHParameterSpec(group.getP(), group.getG()), 0), theirs, "SunJCE");
            say("DH " + bits + " agrees");
        }
    }

    private KeyPair generate(
            String algorithm, @org.jspecify.annotations.Nullable AlgorithmParameterSpec parameters, int bits)
            throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm, provider);
        if (parameters == null) {
            generator.initialize(bits);
        } else {
            generator.initialize(parameters);
        }
        return generator.generateKeyPair();
    }

    /** Signed on the card, verified on the host. */
    private void sign(KeyPair pair, String algorithm) throws Exception {
        Signature signer = Signature.getInstance(algorithm, provider);
        signer.initSign(pair.getPrivate());
        signer.update(MESSAGE);
        byte[] signature = signer.sign();
        boolean pss = algorithm.endsWith("PSS");
        Signature verifier = pss
                ? Signature.getInstance("RSASSA-PSS", "SunRsaSign")
                : Signature.getInstance(algorithm, algorithm.endsWith("ECDSA") ? "SunEC" : "SunRsaSign");
        if (pss) {
            verifier.setParameter(new java.security.spec.PSSParameterSpec(
                    "SHA-256", "MGF1", java.security.spec.MGF1ParameterSpec.SHA256, 32, 1));
        }
        verifier.initVerify(onHost(pair.getPublic()));
        verifier.update(MESSAGE);
        require(verifier.verify(signature), algorithm);
    }

    private void decrypt(KeyPair pair) throws Exception {
        Cipher host = Cipher.getInstance("RSA/ECB/PKCS1Padding", "SunJCE");
        host.init(Cipher.ENCRYPT_MODE, onHost(pair.getPublic()));
        Cipher card = Cipher.getInstance("RSA/ECB/PKCS1Padding", provider);
        card.init(Cipher.DECRYPT_MODE, pair.getPrivate());
        require(Arrays.equals(MESSAGE, card.doFinal(host.doFinal(MESSAGE))), "RSA decryption");
    }

    /** The card's agreement must be the host's. */
    private void agree(String algorithm, KeyPair ours, KeyPair theirs, String hostProvider) throws Exception {
        KeyAgreement card = KeyAgreement.getInstance(algorithm, provider);
        card.init(ours.getPrivate());
        card.doPhase(theirs.getPublic(), true);
        KeyAgreement host = KeyAgreement.getInstance(algorithm, hostProvider);
        host.init(theirs.getPrivate());
        host.doPhase(onHost(ours.getPublic()), true);
        require(Arrays.equals(host.generateSecret(), card.generateSecret()), algorithm + " agreement");
    }

    private static PublicKey onHost(PublicKey key) throws Exception {
        String provider = switch (key.getAlgorithm()) {
            case "RSA" -> "SunRsaSign";
            case "EC" -> "SunEC";
            default -> "SunJCE";
        };
        return java.security.KeyFactory.getInstance(key.getAlgorithm(), provider)
                .generatePublic(new java.security.spec.X509EncodedKeySpec(key.getEncoded()));
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException(what + " went wrong");
        }
    }

    private static void say(String step) {
        System.out.println(step);
    }
}
