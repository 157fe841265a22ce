package dev.cardinal.ike.config;

import dev.cardinal.ike.crypto.TrustPolicy;
import dev.cardinal.ike.sa.AddressPool;
import dev.cardinal.ike.sa.AuthPolicy;
import dev.cardinal.ike.sa.Ikev1Policy;
import dev.cardinal.ike.sa.XauthPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A folder with {@code swanctl.conf}, {@code cardinal.conf} and the folders x509, x509ca, x509crl and private, read and
 * valid. Owns the secrets in it.
 *
 * @param certificates in x509
 * @param authorities in x509ca and under {@code authorities}
 * @param lists certificate revocation lists in x509crl
 * @param keys files in private, rsa, ecdsa and pkcs8
 * @param tokenSecrets keys on tokens that are named by their CKA_ID
 * @param passwords of XAUTH users
 * @param warnings what an operator should know of a valid configuration
 */
public record Configuration(
        Path folder,
        CardinalConf cardinal,
        List<ConnectionConfig> connections,
        List<X509Certificate> certificates,
        List<X509Certificate> authorities,
        List<X509CRL> lists,
        List<KeyFile> keys,
        List<TokenSecret> tokenSecrets,
        List<SharedKey> sharedKeys,
        List<UserPassword> passwords,
        List<AddressPool> pools,
        List<Passphrase> passphrases,
        List<ConfigError> warnings)
        implements AutoCloseable {

    /** The ports where the configuration names none. */
    public enum Ports {
        /** 500 and 4500. */
        GATEWAY(500, 4500),
        /** Chosen by the system. */
        CLIENT(0, 0);

        private final int ike;
        private final int natT;

        Ports(int ike, int natT) {
            this.ike = ike;
            this.natT = natT;
        }
    }

    public Configuration {
        connections = List.copyOf(connections);
        certificates = List.copyOf(certificates);
        authorities = List.copyOf(authorities);
        lists = List.copyOf(lists);
        keys = List.copyOf(keys);
        tokenSecrets = List.copyOf(tokenSecrets);
        sharedKeys = List.copyOf(sharedKeys);
        passwords = List.copyOf(passwords);
        pools = List.copyOf(pools);
        warnings = List.copyOf(warnings);
        passphrases = List.copyOf(passphrases);
    }

    /**
     * Reads a folder.
     *
     * @param errors receives every fault; where it is not empty afterwards the result must not be used, only closed
     */
    public static Configuration read(Path folder, Ports ports, ConfigErrors errors) {
        Path base = folder.toAbsolutePath().normalize();
        Path cardinalFile = base.resolve("cardinal.conf");
        ConfigSection cardinalTree = Files.exists(cardinalFile)
                ? ConfigParser.parse(cardinalFile, errors)
                : new ConfigSection("", "", cardinalFile, 0);
        CardinalConf cardinal = CardinalConf.read(cardinalTree, base, ports.ike, ports.natT, errors);
        CertificateFolders folders = CertificateFolders.read(base, errors);
        SwanctlConf swanctl = SwanctlConf.read(
                ConfigParser.parse(base.resolve("swanctl.conf"), errors), base, cardinal, folders, errors);
        List<TokenConfig> tokens = new ArrayList<>(cardinal.tokens());
        List<Passphrase> passphrases = new ArrayList<>();
        swanctl.passphrases().forEach((file, passphrase) -> passphrases.add(passphrase));
        for (TokenSecret secret : swanctl.tokenSecrets()) {
            Passphrase pin = secret.pin();
            if (pin != null) {
                passphrases.add(pin);
                tokens.replaceAll(t -> t.name().equals(secret.token()) && t.pin() == null
                        ? t.withPin(new TokenConfig.PinPlace.InConfiguration(pin))
                        : t);
            }
        }
        Configuration configuration = new Configuration(
                base,
                cardinal.withTokens(tokens),
                swanctl.connections(),
                folders.ours(),
                folders.authorities(),
                folders.lists(),
                KeyFile.read(base, Map.copyOf(swanctl.passphrases()), errors),
                swanctl.tokenSecrets(),
                swanctl.sharedKeys(),
                swanctl.passwords(),
                swanctl.pools(),
                passphrases,
                errors.warnings());
        configuration.checkAuthentication(errors);
        return configuration;
    }

    /** What can be said of authentication before a token is open. */
    private void checkAuthentication(ConfigErrors errors) {
        boolean signsOnToken =
                cardinal.tokens().stream().anyMatch(t -> t.roles().contains(TokenConfig.Role.SIGN));
        for (ConnectionConfig connection : connections) {
            ConfigError place = connection.place();
            AuthPolicy.Method ours = connection.policy().localAuth().method();
            AuthPolicy.Method theirs = connection.policy().remoteAuth().method();
            if ((ours == AuthPolicy.Method.PSK || theirs == AuthPolicy.Method.PSK) && sharedKeys.isEmpty()) {
                errors.add(place.file(), place.line(), place.key(), "psk, and no secret of the kind ike*");
            }
            if (theirs == AuthPolicy.Method.PUBKEY
                    && authorities.isEmpty()
                    && connection.peers().isEmpty()
                    && connection.authorities().isEmpty()) {
                errors.add(
                        place.file(),
                        place.line(),
                        place.key(),
                        "the peer authenticates by certificate, and nothing is trusted: x509ca is empty");
            }
            if (connection.revocation() == TrustPolicy.Revocation.STRICT && lists.isEmpty()) {
                errors.add(place.file(), place.line(), place.key(), "revocation is strict, and x509crl is empty");
            }
            checkXauth(connection, errors);
            checkDecryption(connection, errors);
            if (ours != AuthPolicy.Method.PUBKEY) {
                continue;
            }
            if (connection.localCertificates().isEmpty() && certificates.isEmpty()) {
                errors.add(
                        place.file(),
                        place.line(),
                        place.key(),
                        "pubkey, and no certificate: certs is not set, x509 is empty");
            }
            for (CertificateSource source : connection.localCertificates()) {
                if (source instanceof CertificateSource.InFile file
                        && !signsOnToken
                        && !hasKeyFor(file.certificate())) {
                    errors.add(
                            place.file(),
                            place.line(),
                            place.key(),
                            "no private key for the certificate of "
                                    + file.certificate()
                                            .getSubjectX500Principal()
                                            .getName()
                                    + ", and no token with the role sign");
                }
            }
        }
    }

    private void checkXauth(ConnectionConfig connection, ConfigErrors errors) {
        Ikev1Policy ikev1 = connection.policy().ikev1();
        if (ikev1 == null) {
            return;
        }
        ConfigError place = connection.place();
        switch (ikev1.xauth()) {
            case XauthPolicy.Answering us -> {
                if (passwords.stream().noneMatch(p -> p.score(us.user()) > 0)) {
                    errors.add(place.file(), place.line(), place.key(), "xauth, and no xauth secret for " + us.user());
                }
            }
            case XauthPolicy.Asking them -> {
                if (passwords.isEmpty()) {
                    errors.add(place.file(), place.line(), place.key(), "xauth, and no secret of the kind xauth*");
                }
            }
            case null -> {}
        }
    }

    /** A key that decrypts for one connection must not sign in any, IKEv1 or IKEv2: the one is an oracle for the other. */
    private void checkDecryption(ConnectionConfig decrypting, ConfigErrors errors) {
        EncryptionKeys.Key own = decrypting.encryptionKeys().own();
        if (own == null) {
            return;
        }
        ConfigError place = decrypting.place();
        if (cardinal.tokens().isEmpty() && !hasKeyFor(own.key())) {
            errors.add(place.file(), place.line(), place.key(), "no private key to decrypt with, and no token");
        }
        for (ConnectionConfig other : connections) {
            for (CertificateSource source : other.localCertificates()) {
                if (other.policy().localAuth().method() == AuthPolicy.Method.PUBKEY
                        && source instanceof CertificateSource.InFile signing
                        && own.isKeyOf(signing.certificate().getPublicKey())) {
                    ConfigError there = other.place();
                    errors.add(
                            place.file(),
                            place.line(),
                            place.key(),
                            "its key decrypts here and signs for " + there.key() + " ("
                                    + there.file().getFileName() + ":" + there.line() + "): one key for each");
                }
            }
        }
    }

    private boolean hasKeyFor(X509Certificate certificate) {
        return hasKeyFor(certificate.getPublicKey());
    }

    private boolean hasKeyFor(PublicKey publicKey) {
        byte[] wanted = publicKey.getEncoded();
        return keys.stream().anyMatch(k -> Arrays.equals(k.publicKey().getEncoded(), wanted));
    }

    /** Wipes pre-shared keys, passwords, PINs and passphrases. */
    @Override
    public void close() {
        sharedKeys.forEach(k -> k.secret().close());
        passwords.forEach(p -> p.secret().close());
        passphrases.forEach(Passphrase::close);
    }

    @Override
    public String toString() {
        return "Configuration[" + folder + "]";
    }
}
