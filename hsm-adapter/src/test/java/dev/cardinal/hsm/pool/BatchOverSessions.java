package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckb;
import dev.cardinal.hsm.pkcs11.Ckk;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Cko;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Lane;
import dev.cardinal.hsm.pkcs11.Mechanism;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/**
 * A real module that has the batch interface, by its plain functions, one lane after the other. Batches can be made to go
 * wrong.
 */
final class BatchOverSessions implements UnaryOperator<Cryptoki> {

    /** A module's batch at work. */
    interface Batch {
        /** What a faultless module makes of a lane. */
        Lane.Outcome outcome(Lane lane);

        Cryptoki module();

        long session();
    }

    /** What happens instead of a batch. */
    interface Fault {
        List<Lane.Outcome> strike(Batch batch, List<Lane> lanes) throws Exception;
    }

    private final Queue<Fault> faults = new ConcurrentLinkedQueue<>();
    private final List<List<Lane>> batches = new CopyOnWriteArrayList<>();

    @Override
    public Cryptoki apply(Cryptoki real) {
        return (Cryptoki) Proxy.newProxyInstance(
                Cryptoki.class.getClassLoader(), new Class<?>[] {Cryptoki.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("offersBatch")) {
                        return true;
                    }
                    if (method.getName().equals("executeBatch")) {
                        @SuppressWarnings("unchecked")
                        List<Lane> lanes = (List<Lane>) arguments[1];
                        return executeBatch(real, (Long) arguments[0], lanes);
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** The next batch meets this. Faults queue up. */
    void next(Fault fault) {
        faults.add(fault);
    }

    /** The batches since {@link #forget}. */
    List<List<Lane>> batches() {
        return List.copyOf(batches);
    }

    /** Their lanes. */
    List<Integer> sizes() {
        return batches.stream().map(List::size).toList();
    }

    void forget() {
        batches.clear();
    }

    static Lane.Outcome failure(long rv) {
        return new Lane.Outcome(rv, new byte[0], new byte[0], 0);
    }

    private List<Lane.Outcome> executeBatch(Cryptoki real, long session, List<Lane> lanes) throws Exception {
        if (lanes.isEmpty() || lanes.size() > Cryptoki.BATCH_LIMIT) {
            throw new Pkcs11Exception("ExecuteBatch", Ckr.ARGUMENTS_BAD);
        }
        batches.add(List.copyOf(lanes));
        Batch batch = new Batch() {
            @Override
            public Lane.Outcome outcome(Lane lane) {
                try {
                    return made(real, session, lane);
                } catch (Pkcs11Exception e) {
                    return failure(e.ckr());
                } catch (GeneralSecurityException e) {
                    throw new AssertionError(e);
                }
            }

            @Override
            public Cryptoki module() {
                return real;
            }

            @Override
            public long session() {
                return session;
            }
        };
        Fault fault = faults.poll();
        return fault == null ? lanes.stream().map(batch::outcome).toList() : fault.strike(batch, lanes);
    }

    private static Lane.Outcome made(Cryptoki real, long session, Lane lane)
            throws Pkcs11Exception, GeneralSecurityException {
        return switch (lane) {
            case Lane.Sign sign -> {
                refuseAlwaysAuthenticate(real, session, sign.key());
                real.signInit(session, sign.mechanism(), sign.key());
                yield new Lane.Outcome(Ckr.OK, real.sign(session, sign.data(), sign.maxLength()), new byte[0], 0);
            }
            // as a module of interface 1.0 says
            case Lane.Verify verify -> failure(Ckr.KEY_HANDLE_INVALID);
            case Lane.Decrypt decrypt -> {
                refuseAlwaysAuthenticate(real, session, decrypt.key());
                real.decryptInit(session, decrypt.mechanism(), decrypt.key());
                Cryptoki.Decryption done = real.decrypt(session, decrypt.data(), decrypt.maxLength());
                yield new Lane.Outcome(done.rv(), done.room(), done.length(), new byte[0], 0);
            }
            case Lane.Generate generate -> {
                List<Attribute> template = new ArrayList<>(generate.parameters());
                template.add(Attribute.of(Cka.TOKEN, false));
                template.add(Attribute.of(Cka.PRIVATE, false));
                Cryptoki.KeyPair pair =
                        real.generateKeyPair(session, generate.mechanism(), template, generate.template());
                byte[] value = publicValue(real, session, pair.publicKey(), generate);
                real.destroyObject(session, pair.publicKey());
                yield new Lane.Outcome(Ckr.OK, new byte[0], value, pair.privateKey());
            }
            case Lane.Agree agree -> agreed(real, session, agree.mechanism(), agree.key(), agree.product());
            case Lane.GenerateAndAgree both -> {
                Lane.Outcome own = made(
                        real,
                        session,
                        new Lane.Generate(
                                generation(both),
                                both.parameters(),
                                List.of(Attribute.of(Cka.TOKEN, false), Attribute.of(Cka.DERIVE, true)),
                                both.maxPublicLength()));
                try {
                    Lane.Outcome agreed = agreed(real, session, both.mechanism(), own.object(), both.product());
                    yield new Lane.Outcome(Ckr.OK, agreed.output(), own.publicValue(), agreed.object());
                } finally {
                    real.destroyObject(session, own.object());
                }
            }
        };
    }

    private static void refuseAlwaysAuthenticate(Cryptoki real, long session, long key) throws Pkcs11Exception {
        if (real.getAttributeValue(session, key, Cka.ALWAYS_AUTHENTICATE, 1)[0] != 0) {
            throw new Pkcs11Exception("C_Sign", Ckr.USER_NOT_LOGGED_IN);
        }
    }

    /** The generation by the parameters: SoftHSM makes keys for X25519 and X448 as Edwards keys. */
    private static Mechanism generation(Lane.GenerateAndAgree lane) {
        Attribute first = lane.parameters().getFirst();
        if (first.type() == Cka.PRIME) {
            return Mechanism.of(Ckm.DH_PKCS_KEY_PAIR_GEN);
        }
        boolean montgomery = ((Attribute.Octets) first).value().length == 5;
        return Mechanism.of(montgomery ? Ckm.EC_EDWARDS_KEY_PAIR_GEN : Ckm.EC_KEY_PAIR_GEN);
    }

    private static byte[] publicValue(Cryptoki real, long session, long key, Lane.Generate lane)
            throws Pkcs11Exception {
        Attribute first = lane.parameters().getFirst();
        if (first instanceof Attribute.Octets prime && prime.type() == Cka.PRIME) {
            byte[] value = real.getAttributeValue(session, key, Cka.VALUE, 1024);
            return padded(value, prime.value().length);
        }
        byte[] point = real.getAttributeValue(session, key, Cka.EC_POINT, 256);
        for (int length : List.of(lane.maxPublicLength(), lane.maxPublicLength() - 1)) {
            byte[] bare = EcPoints.unwrapped(point, length);
            if (bare != null) {
                return bare;
            }
        }
        throw new AssertionError("a point of " + point.length + " octets");
    }

    private static byte[] padded(byte[] value, int length) {
        byte[] padded = new byte[length];
        System.arraycopy(value, 0, padded, length - value.length, value.length);
        return padded;
    }

    private static Lane.Outcome agreed(
            Cryptoki real, long session, Mechanism derivation, long key, Lane.Product product)
            throws Pkcs11Exception, GeneralSecurityException {
        return switch (product) {
            case Lane.Product.Kept kept ->
                new Lane.Outcome(
                        Ckr.OK, new byte[0], new byte[0], real.deriveKey(session, derivation, key, kept.template()));
            case Lane.Product.Derived derived -> {
                List<Attribute> template = new ArrayList<>(List.of(
                        Attribute.of(Cka.CLASS, Cko.SECRET_KEY),
                        Attribute.of(Cka.KEY_TYPE, Ckk.GENERIC_SECRET),
                        Attribute.of(Cka.TOKEN, false),
                        Attribute.of(Cka.SENSITIVE, false),
                        Attribute.of(Cka.EXTRACTABLE, true)));
                if (derivation.type() == Ckm.DH_PKCS_DERIVE) {
                    int length = real.getAttributeValue(session, key, Cka.PRIME, 1024).length;
                    template.add(Attribute.of(Cka.VALUE_LEN, length));
                } else if (derivation.parameter() instanceof Mechanism.Parameter.Ecdh1 ecdh1) {
                    int point = ecdh1.publicData().length;
                    template.add(Attribute.of(Cka.VALUE_LEN, point < 65 ? point : (point - 1) / 2));
                }
                long secret = real.deriveKey(session, derivation, key, template);
                byte[] g = real.getAttributeValue(session, secret, Cka.VALUE, 1024);
                real.destroyObject(session, secret);
                HashAlgorithm hash = Arrays.stream(HashAlgorithm.values())
                        .filter(candidate -> prf(candidate) == derived.prf())
                        .findFirst()
                        .orElseThrow();
                byte[] octets = derived.kind() == Ckb.DERIVE_PRF
                        ? HostPeer.hmac(hash, derived.key(), g, derived.suffix())
                        : HostPeer.expand(hash, derived.key(), g, derived.suffix(), derived.length());
                yield new Lane.Outcome(Ckr.OK, octets, new byte[0], 0);
            }
        };
    }

    private static long prf(HashAlgorithm hash) {
        return switch (hash) {
            case SHA1 -> Ckm.SHA_1_HMAC;
            case SHA256 -> Ckm.SHA256_HMAC;
            case SHA384 -> Ckm.SHA384_HMAC;
            case SHA512 -> Ckm.SHA512_HMAC;
        };
    }
}
