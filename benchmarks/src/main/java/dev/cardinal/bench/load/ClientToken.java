package dev.cardinal.bench.load;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckk;
import dev.cardinal.hsm.pkcs11.Cko;
import dev.cardinal.hsm.pkcs11.Cku;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import dev.cardinal.hsm.pkcs11.Session;
import dev.cardinal.hsm.pool.TokenInitialization;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.hsm.pool.TokenSettings;
import dev.cardinal.ike.config.ModuleFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * A throw-away token of the crypto card with the fleet's private keys, so that clients sign and agree as cheaply as anybody
 * can: the load generator must not be what a run measures.
 */
final class ClientToken implements AutoCloseable {
    private static final String LABEL = "cardinal-clients";
    private static final byte[] PIN = "load-test".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] P256 = HexFormat.of().parseHex("06082a8648ce3d030107");
    private static final int BATCH_LIMIT = 32;
    private static final int QUEUE_LIMIT = 1 << 14;

    private final Path folder;
    private final TokenPool pool;

    private ClientToken(Path folder, TokenPool pool) {
        this.folder = folder;
        this.pool = pool;
    }

    /** @throws IOException where the card is not built or refuses */
    static ClientToken create(List<KeyPair> keys) throws IOException {
        Path module = ModuleFile.card();
        Path folder = Files.createTempDirectory("cardinal-clients");
        boolean made = false;
        try {
            String initArgs = "directory='" + folder + "'";
            TokenInitialization.initialize(module, initArgs, LABEL, PIN, PIN);
            if (!keys.isEmpty()) {
                store(module, initArgs, keys);
            }
            TokenPool pool =
                    TokenPool.open(TokenSettings.of(module, initArgs, new TokenSelector.ByLabel(LABEL), PIN::clone)
                            .withWorkers(1)
                            .withBatchLimit(BATCH_LIMIT)
                            .withQueueLimits(new TokenSettings.QueueLimits(QUEUE_LIMIT, QUEUE_LIMIT, QUEUE_LIMIT)));
            made = true;
            return new ClientToken(folder, pool);
        } catch (HsmFailure | Pkcs11Exception e) {
            throw new IOException("the clients' token cannot be made: " + e.getMessage(), e);
        } finally {
            if (!made) {
                remove(folder);
            }
        }
    }

    private static void store(Path file, String initArgs, List<KeyPair> keys) throws IOException, Pkcs11Exception {
        try (Pkcs11Module module = Pkcs11Module.open(file, initArgs)) {
            Cryptoki cryptoki = module.cryptoki();
            for (long slot : cryptoki.getSlotList(true)) {
                if (cryptoki.getTokenInfo(slot).label().strip().equals(LABEL)) {
                    Session session = Session.open(cryptoki, slot, true);
                    cryptoki.login(session.handle(), Cku.USER, PIN);
                    for (int i = 0; i < keys.size(); i++) {
                        cryptoki.createObject(session.handle(), template(keys.get(i), i));
                    }
                    return;
                }
            }
            throw new IOException("the clients' token has vanished");
        }
    }

    private static List<Attribute> template(KeyPair pair, int number) {
        byte[] id = BigInteger.valueOf(number + 1L).toByteArray();
        return switch (pair.getPrivate()) {
            case RSAPrivateCrtKey key ->
                List.of(
                        Attribute.of(Cka.CLASS, Cko.PRIVATE_KEY),
                        Attribute.of(Cka.KEY_TYPE, Ckk.RSA),
                        Attribute.of(Cka.TOKEN, true),
                        Attribute.of(Cka.SIGN, true),
                        Attribute.of(Cka.ID, id),
                        Attribute.of(Cka.MODULUS, unsigned(key.getModulus())),
                        Attribute.of(Cka.PUBLIC_EXPONENT, unsigned(key.getPublicExponent())),
                        Attribute.of(Cka.PRIVATE_EXPONENT, unsigned(key.getPrivateExponent())),
                        Attribute.of(Cka.PRIME_1, unsigned(key.getPrimeP())),
                        Attribute.of(Cka.PRIME_2, unsigned(key.getPrimeQ())),
                        Attribute.of(Cka.EXPONENT_1, unsigned(key.getPrimeExponentP())),
                        Attribute.of(Cka.EXPONENT_2, unsigned(key.getPrimeExponentQ())),
                        Attribute.of(Cka.COEFFICIENT, unsigned(key.getCrtCoefficient())));
            case ECPrivateKey key ->
                List.of(
                        Attribute.of(Cka.CLASS, Cko.PRIVATE_KEY),
                        Attribute.of(Cka.KEY_TYPE, Ckk.EC),
                        Attribute.of(Cka.TOKEN, true),
                        Attribute.of(Cka.SIGN, true),
                        Attribute.of(Cka.ID, id),
                        Attribute.of(Cka.EC_PARAMS, P256),
                        Attribute.of(Cka.PUBLIC_KEY_INFO, pair.getPublic().getEncoded()),
                        Attribute.of(Cka.VALUE, unsigned(key.getS())));
            default -> throw new IllegalArgumentException(pair.getPrivate().getAlgorithm());
        };
    }

    private static byte[] unsigned(BigInteger value) {
        byte[] octets = value.toByteArray();
        return octets[0] == 0 ? java.util.Arrays.copyOfRange(octets, 1, octets.length) : octets;
    }

    TokenPool pool() {
        return pool;
    }

    @Override
    public void close() {
        pool.close();
        remove(folder);
    }

    private static void remove(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
