package dev.cardinal.ike.daemon;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.TokenProfile;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.hsm.pool.TokenSettings;
import dev.cardinal.ike.backend.HostDecryptionKey;
import dev.cardinal.ike.backend.HostSigningKey;
import dev.cardinal.ike.backend.HsmCryptoPort;
import dev.cardinal.ike.config.Configuration;
import dev.cardinal.ike.config.KeyFile;
import dev.cardinal.ike.config.PrivateKeys;
import dev.cardinal.ike.config.TokenConfig;
import dev.cardinal.ike.config.TokenSecret;
import dev.cardinal.ike.crypto.DecryptionKey;
import dev.cardinal.ike.crypto.SigningKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The tokens of a configuration, logged in to, and the private keys on them and in files. */
final class OpenTokens implements PrivateKeys, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(OpenTokens.class);

    private final Configuration configuration;
    private final List<OpenToken> tokens = new ArrayList<>();
    private final Map<String, SigningKey> hostKeys = new LinkedHashMap<>();

    /** Of the keys handed out, by their public keys. */
    private final Map<String, Use> uses = new HashMap<>();

    /** A token with its device. */
    record OpenToken(TokenConfig config, TokenPool pool, HsmCryptoPort port) {}

    private OpenTokens(Configuration configuration) {
        this.configuration = configuration;
    }

    /** @throws StartFailure where a token is not to be had; those opened before are closed then */
    static OpenTokens open(Configuration configuration) throws StartFailure {
        OpenTokens tokens = new OpenTokens(configuration);
        try {
            for (TokenConfig config : configuration.cardinal().tokens()) {
                tokens.open(config);
            }
        } catch (StartFailure e) {
            tokens.close();
            throw e;
        }
        return tokens;
    }

    private void open(TokenConfig config) throws StartFailure {
        try {
            TokenSettings settings = TokenSettings.of(
                            config.module(),
                            config.initArgs(),
                            TokenSelector.of(config.token()),
                            ConfiguredPin.of(config.pin()))
                    .withWorkers(config.workers())
                    .withQueueLimits(new TokenSettings.QueueLimits(
                            config.queueBegun(), config.queueEstablished(), config.queueUnknown()))
                    .withBatchLimit(config.batchLimit())
                    .withAllowExtract(config.allowExtract());
            if (!config.roles().contains(TokenConfig.Role.KEY_EXCHANGE)) {
                settings = settings.withGroups(java.util.Set.of());
            }
            TokenPool pool = TokenPool.open(settings);
            TokenProfile profile = pool.profile();
            tokens.add(new OpenToken(config, pool, new HsmCryptoPort(config.name(), pool, config.allowExtract())));
            log.info(
                    "token {}: '{}' open; groups {}; signatures {}",
                    config.name(),
                    profile.label(),
                    profile.groups(),
                    profile.signatures());
            pool.refusedGroups().forEach((group, why) -> log.info("token {}: no {}: {}", config.name(), group, why));
        } catch (HsmFailure | IllegalArgumentException e) {
            throw new StartFailure("token " + config.name() + ": " + e.getMessage());
        }
    }

    List<OpenToken> all() {
        return List.copyOf(tokens);
    }

    @Override
    public @Nullable SigningKey find(PublicKey publicKey) throws KeyTrouble {
        byte[] info = publicKey.getEncoded();
        SigningKey key = onTokens(
                TokenConfig.Role.SIGN,
                info,
                (token, id) -> token.port().signingKey(token.pool().findKey(info, id)),
                SigningKey::location);
        if (key == null) {
            KeyFile file = file(info);
            key = file == null ? null : onHost(file);
        }
        if (key != null) {
            log.info("key of a certificate: {}", key.location());
            reserve(Use.SIGNS, info, key.location());
        }
        return key;
    }

    @Override
    public @Nullable DecryptionKey findDecryption(PublicKey publicKey) throws KeyTrouble {
        byte[] info = publicKey.getEncoded();
        DecryptionKey key = onTokens(
                TokenConfig.Role.DECRYPT, info, (token, id) -> decryptionKey(token, info, id), DecryptionKey::location);
        if (key == null) {
            KeyFile file = file(info);
            key = file == null ? null : decryptingOnHost(file);
        }
        if (key != null) {
            log.info("key to decrypt with: {}", key.location());
            reserve(Use.DECRYPTS, info, key.location());
        }
        return key;
    }

    /** What a connection does with a private key. */
    private enum Use {
        SIGNS,
        DECRYPTS
    }

    /** One key for each: who has a signing key decrypt for him may have it sign for him. */
    private void reserve(Use use, byte[] publicKeyInfo, String location) throws KeyTrouble {
        Use other = uses.putIfAbsent(HexFormat.of().formatHex(publicKeyInfo), use);
        if (other != null && other != use) {
            throw new KeyTrouble(
                    location + ": the key decrypts for one connection and signs for another: one key for each");
        }
    }

    /** A key on a token, looked for by its public key and perhaps its {@code CKA_ID}. */
    private interface Lookup<K> {
        K on(OpenToken token, byte @Nullable [] id) throws HsmFailure;
    }

    private static DecryptionKey decryptionKey(OpenToken token, byte[] publicKeyInfo, byte @Nullable [] id)
            throws HsmFailure {
        KeyRef ref = token.pool().findDecryptionKey(publicKeyInfo, id);
        if (ref.maySign()) {
            log.warn(
                    "token {}: the key {} decrypts, and the token lets it sign too (CKA_SIGN): a key for decryption alone is"
                            + " safer",
                    token.config().name(),
                    ref.uri());
        }
        return token.port().decryptionKey(ref);
    }

    /** The one key of all tokens that have the role. */
    private <K> @Nullable K onTokens(
            TokenConfig.Role role, byte[] publicKeyInfo, Lookup<K> lookup, Function<K, String> location)
            throws KeyTrouble {
        List<K> found = new ArrayList<>();
        for (OpenToken token : tokens) {
            if (token.config().roles().contains(role)) {
                K key = named(token, lookup);
                if (key != null) {
                    found.add(key);
                }
            }
        }
        if (found.size() > 1) {
            throw new KeyTrouble(
                    "two private keys match: " + location.apply(found.get(0)) + " and " + location.apply(found.get(1)));
        }
        return found.isEmpty() ? null : found.getFirst();
    }

    private <K> @Nullable K named(OpenToken token, Lookup<K> lookup) throws KeyTrouble {
        boolean named = false;
        for (TokenSecret secret : configuration.tokenSecrets()) {
            String handle = secret.handle();
            if (handle != null && secret.token().equals(token.config().name())) {
                named = true;
                K key = lookedUp(token, lookup, HexFormat.of().parseHex(handle));
                if (key != null) {
                    return key;
                }
            }
        }
        // without a name any key of the token may be meant
        return named ? null : lookedUp(token, lookup, null);
    }

    private static <K> @Nullable K lookedUp(OpenToken token, Lookup<K> lookup, byte @Nullable [] id) throws KeyTrouble {
        try {
            return lookup.on(token, id);
        } catch (HsmFailure e) {
            String message = e.getMessage();
            // none of this token's keys is no fault yet: another token or a file may have it
            if (e.kind() == HsmFailure.Kind.OUR_FAULT && message.startsWith("no private key for")) {
                return null;
            }
            throw new KeyTrouble("token " + token.config().name() + ": " + message);
        } catch (IllegalArgumentException e) {
            throw new KeyTrouble("token " + token.config().name() + ": " + e.getMessage());
        }
    }

    private @Nullable KeyFile file(byte[] publicKeyInfo) {
        for (KeyFile file : configuration.keys()) {
            if (Arrays.equals(file.publicKey().getEncoded(), publicKeyInfo)) {
                return file;
            }
        }
        return null;
    }

    private SigningKey onHost(KeyFile file) throws KeyTrouble {
        String location = file.file().toString();
        SigningKey known = hostKeys.get(location);
        if (known != null) {
            return known;
        }
        try {
            SigningKey key = new HostSigningKey(file.privateKey(), location);
            hostKeys.put(location, key);
            warnOfFile(location);
            return key;
        } catch (IllegalArgumentException e) {
            throw new KeyTrouble(location + ": " + e.getMessage());
        }
    }

    private static DecryptionKey decryptingOnHost(KeyFile file) throws KeyTrouble {
        String location = file.file().toString();
        try {
            DecryptionKey key = new HostDecryptionKey(file.privateKey(), location);
            warnOfFile(location);
            return key;
        } catch (IllegalArgumentException e) {
            throw new KeyTrouble(location + ": " + e.getMessage());
        }
    }

    private static void warnOfFile(String location) {
        log.warn("key file {} is loaded into the host device: the key is in this process's memory", location);
    }

    @Override
    public @Nullable X509Certificate certificate(String handle, @Nullable String token) throws KeyTrouble {
        throw new KeyTrouble("certificates on tokens are not supported yet: put a copy into x509 and name it in certs");
    }

    @Override
    public void close() {
        for (OpenToken token : tokens) {
            token.pool().close();
        }
        tokens.clear();
    }
}
