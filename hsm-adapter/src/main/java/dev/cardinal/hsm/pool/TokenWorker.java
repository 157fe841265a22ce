package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyExchangeRef;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SharedSecret;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Mechanism;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Session;
import dev.cardinal.hsm.pool.TokenAbilities.GroupAbility;
import dev.cardinal.hsm.pool.TokenCounters.Operation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One thread with one session. It takes what has queued while it was busy, does it, and completes each request as soon
 * as it is done. It replaces its session when that dies and has the login renewed when that is lost; each is tried once
 * for a request.
 */
final class TokenWorker implements Runnable {

    private static final int RANDOM_LIMIT = 4096;

    private final TokenPool pool;
    private final WorkQueue queue;
    private @Nullable TokenSession current;

    TokenWorker(TokenPool pool, WorkQueue queue) {
        this.pool = pool;
        this.queue = queue;
    }

    /** What a request stands on, and hence what follows when a handle is found invalid. */
    private sealed interface Footing {
        /** Objects of the request's own: it can be done again. */
        record Itself() implements Footing {}

        /** A token key: it is looked up again. */
        record Key(TokenKey key) implements Footing {}

        /** A session object that nothing brings back. */
        record Handle(TokenObject object) implements Footing {}
    }

    private static final Footing ITSELF = new Footing.Itself();

    private interface Body<T> {
        T run(TokenSession session, long epoch) throws Pkcs11Exception, HsmFailure;
    }

    /** Opens the worker's session ahead of its first request. */
    void prepare() throws HsmFailure {
        session();
    }

    @Override
    public void run() {
        List<Work> batch = new ArrayList<>();
        try {
            for (int taken = queue.take(batch); taken >= 0; taken = queue.take(batch)) {
                if (taken > 0) {
                    pool.counters().onBatch(taken);
                }
                for (Work work : batch) {
                    perform(work);
                }
                batch.clear();
            }
        } catch (InterruptedException e) {
            // the pool is closing
        }
    }

    private void perform(Work work) {
        try {
            if (pool.closed()) {
                work.fail(pool.closedFailure());
                return;
            }
            switch (work) {
                case Work.Requested requested -> perform(requested);
                case Work.Errand<?> errand ->
                    onSession(ITSELF, (session, epoch) -> {
                        errand.run(session.session());
                        return true;
                    });
                case Work.Destruction destruction -> destroy(destruction.object());
            }
        } catch (HsmFailure e) {
            if (work instanceof Work.Requested) {
                pool.counters().onFailure(e.kind());
            }
            work.fail(e);
        } catch (RuntimeException | Error e) {
            // one request must not take the worker with it
            pool.counters().onFailure(Kind.OUR_FAULT);
            work.fail(new HsmFailure(
                    Kind.OUR_FAULT,
                    0,
                    pool.label() + ": internal error: " + e.getClass().getName()));
        }
    }

    private void perform(Work.Requested requested) throws HsmFailure {
        if (requested.future().isDone()) {
            return;
        }
        HsmRequest request = requested.request();
        if (pool.now() - request.deadlineNanos() >= 0) {
            throw new HsmFailure(Kind.EXPIRED, 0, pool.label() + ": the deadline passed in the queue");
        }
        HsmResult result = result(request);
        if (!requested.future().complete(result)) {
            pool.discard(result);
        }
    }

    private HsmResult result(HsmRequest request) throws HsmFailure {
        return switch (request) {
            case HsmRequest.Sign sign -> sign(sign);
            case HsmRequest.Decrypt decrypt -> decrypt(decrypt);
            case HsmRequest.Random random -> random(random);
            case HsmRequest.Generate generate -> generate(generate);
            case HsmRequest.Agree agree -> agree(agree);
            case HsmRequest.GenerateAndAgree both -> generateAndAgree(both);
            case HsmRequest.Derive derive -> derive(derive);
        };
    }

    private HsmResult sign(HsmRequest.Sign sign) throws HsmFailure {
        TokenKey key = key(sign.key());
        return onSession(new Footing.Key(key), (session, epoch) -> {
            long object = key.locate(session.session(), epoch);
            byte[] signature = pool.abilities()
                    .signatures()
                    .sign(session.session(), object, key.publicKey(), sign.mechanism(), sign.message());
            pool.counters().onOperation(Operation.SIGN);
            return new HsmResult.Signed(signature);
        });
    }

    private HsmResult decrypt(HsmRequest.Decrypt decrypt) throws HsmFailure {
        TokenKey key = key(decrypt.key());
        return onSession(new Footing.Key(key), (session, epoch) -> {
            long object = key.locate(session.session(), epoch);
            Session open = session.session();
            open.cryptoki().decryptInit(open.handle(), Mechanism.of(Ckm.RSA_PKCS), object);
            try {
                byte[] modulus = PublicKeys.modulus(key.publicKey());
                int maxLength = modulus == null ? decrypt.ciphertext().length : modulus.length;
                byte[] plaintext = open.cryptoki().decrypt(open.handle(), decrypt.ciphertext(), maxLength);
                pool.counters().onOperation(Operation.DECRYPT);
                return new HsmResult.Decrypted(plaintext);
            } catch (Pkcs11Exception e) {
                // tokens differ in the code for a broken padding; which one it was must not show
                boolean telling = switch (Failures.kindOf(e.ckr())) {
                    case SESSION_DEAD, LOGIN_LOST, TOKEN_GONE, PIN, BUSY -> false;
                    case EXPIRED, LOST, DEVICE_BROKEN, OUR_FAULT, PEER_DATA, UNSUPPORTED, CLOSED -> true;
                };
                if (telling) {
                    throw new HsmFailure(Kind.PEER_DATA, 0, pool.label() + ": C_Decrypt: the ciphertext was refused");
                }
                throw e;
            }
        });
    }

    private HsmResult random(HsmRequest.Random random) throws HsmFailure {
        if (random.length() < 1 || random.length() > RANDOM_LIMIT) {
            throw new HsmFailure(Kind.OUR_FAULT, 0, random.length() + " octets of random");
        }
        return onSession(ITSELF, (session, epoch) -> {
            Session open = session.session();
            byte[] octets = open.cryptoki().generateRandom(open.handle(), random.length());
            pool.counters().onOperation(Operation.RANDOM);
            return new HsmResult.RandomOctets(octets);
        });
    }

    private HsmResult generate(HsmRequest.Generate generate) throws HsmFailure {
        GroupDriver driver = ability(generate.group()).driver();
        return onSession(ITSELF, (session, epoch) -> {
            KeyAgreements.Fresh fresh = pool.agreements().generate(session.session(), driver);
            KeyExchangeHandle handle =
                    new KeyExchangeHandle(pool, generate.group(), new TokenObject(session, epoch, fresh.privateKey()));
            pool.counters().onHandle();
            pool.counters().onOperation(Operation.GENERATE);
            return new HsmResult.Generated(handle, fresh.publicValue());
        });
    }

    private HsmResult agree(HsmRequest.Agree agree) throws HsmFailure {
        KeyExchangeHandle handle = handle(agree.handle());
        GroupAbility ability = ability(handle.group());
        Mechanism derivation = checked(ability, agree.peerPublic(), agree.derivation());
        return onObject(
                handle.privateKey(),
                (session, epoch) -> agreed(
                        session, epoch, ability, handle.privateKey().object(), derivation, agree.derivation(), null));
    }

    private HsmResult generateAndAgree(HsmRequest.GenerateAndAgree both) throws HsmFailure {
        GroupAbility ability = ability(both.group());
        Mechanism derivation = checked(ability, both.peerPublic(), both.derivation());
        return onSession(ITSELF, (session, epoch) -> {
            KeyAgreements.Fresh fresh = pool.agreements().generate(session.session(), ability.driver());
            try {
                pool.counters().onOperation(Operation.GENERATE);
                return agreed(
                        session,
                        epoch,
                        ability,
                        fresh.privateKey(),
                        derivation,
                        both.derivation(),
                        fresh.publicValue());
            } finally {
                destroy(session, fresh.privateKey());
            }
        });
    }

    private HsmResult derive(HsmRequest.Derive derive) throws HsmFailure {
        SecretDerivation.check(derive.derivation());
        return switch (secret(derive.secret())) {
            case PoolSecret.OnHost host -> {
                byte[] octets = host.copy();
                try {
                    if (octets.length == 0) {
                        throw lost();
                    }
                    byte[] derived = SecretDerivation.onHost(octets, derive.derivation());
                    pool.counters().onOperation(Operation.DERIVE);
                    yield new HsmResult.Derived(derived);
                } finally {
                    Arrays.fill(octets, (byte) 0);
                }
            }
            case PoolSecret.OnToken token -> {
                GroupDriver driver = ability(token.group()).driver();
                yield onObject(token.secret(), (session, epoch) -> {
                    byte[] derived =
                            made(session.session(), driver, token.secret().object(), derive.derivation());
                    pool.counters().onOperation(Operation.DERIVE);
                    return new HsmResult.Derived(derived);
                });
            }
        };
    }

    /** Checks the whole request before the token is asked for anything. */
    private Mechanism checked(GroupAbility ability, byte[] peerPublic, @Nullable Derivation derivation)
            throws HsmFailure {
        if (derivation != null) {
            SecretDerivation.check(derivation);
        }
        return ability.driver().derivation(peerPublic);
    }

    /** Derives the shared secret and makes of it what was asked for. */
    private HsmResult.Agreed agreed(
            TokenSession session,
            long epoch,
            GroupAbility ability,
            long privateKey,
            Mechanism derivation,
            @Nullable Derivation wanted,
            byte @Nullable [] publicValue)
            throws Pkcs11Exception, HsmFailure {
        boolean stays = ability.hidden()
                && switch (wanted) {
                    case null -> true;
                    case Derivation.Hmac hmac -> pool.abilities().hashes().contains(hmac.hash());
                    case Derivation.Expand expand -> pool.abilities().hashes().contains(expand.hash());
                    case Derivation.Extract extract -> false;
                };
        if (!stays && !pool.allowExtract()) {
            throw new HsmFailure(
                    Kind.UNSUPPORTED,
                    0,
                    pool.label() + ": " + wanted + " needs the secret on the host, which is not allowed");
        }
        // a secret handed out may be asked for by any derivation later, hence is extractable where that is allowed
        boolean extractable = !stays || (wanted == null && pool.allowExtract());
        long secret = derived(session, ability.driver(), privateKey, derivation, extractable);
        boolean kept = false;
        try {
            if (wanted == null && stays) {
                PoolSecret handed =
                        new PoolSecret.OnToken(pool, ability.driver().group(), new TokenObject(session, epoch, secret));
                kept = true;
                return handedOut(publicValue, handed);
            }
            if (wanted == null) {
                byte[] octets = pool.agreements().read(session.session(), ability.driver(), secret);
                return handedOut(
                        publicValue,
                        new PoolSecret.OnHost(pool, ability.driver().group(), octets));
            }
            byte[] made;
            if (stays) {
                made = SecretDerivation.onToken(session.session(), secret, wanted);
            } else {
                byte[] octets = pool.agreements().read(session.session(), ability.driver(), secret);
                try {
                    made = SecretDerivation.onHost(octets, wanted);
                } finally {
                    Arrays.fill(octets, (byte) 0);
                }
            }
            pool.counters().onOperation(Operation.AGREE);
            pool.counters().onOperation(Operation.DERIVE);
            return new HsmResult.Agreed(publicValue, made, null);
        } finally {
            if (!kept) {
                destroy(session, secret);
            }
        }
    }

    private HsmResult.Agreed handedOut(byte @Nullable [] publicValue, PoolSecret secret) {
        pool.counters().onHandle();
        pool.counters().onOperation(Operation.AGREE);
        return new HsmResult.Agreed(publicValue, null, secret);
    }

    private long derived(
            TokenSession session, GroupDriver driver, long privateKey, Mechanism derivation, boolean extractable)
            throws Pkcs11Exception, HsmFailure {
        try {
            long secret = pool.agreements().derive(session.session(), driver, privateKey, derivation, extractable);
            pool.onDerived();
            return secret;
        } catch (Pkcs11Exception e) {
            boolean refused = switch (Failures.kindOf(e.ckr())) {
                case DEVICE_BROKEN, OUR_FAULT, PEER_DATA -> true;
                case BUSY, EXPIRED, LOST, SESSION_DEAD, LOGIN_LOST, TOKEN_GONE, PIN, UNSUPPORTED, CLOSED -> false;
            };
            if (refused) {
                throw pool.onDerivationRefused(e);
            }
            throw e;
        }
    }

    /** A derivation from a secret that was handed out. */
    private byte[] made(Session session, GroupDriver driver, long secret, Derivation wanted)
            throws Pkcs11Exception, HsmFailure {
        boolean stays = switch (wanted) {
            case Derivation.Hmac hmac -> pool.abilities().hashes().contains(hmac.hash());
            case Derivation.Expand expand -> pool.abilities().hashes().contains(expand.hash());
            case Derivation.Extract extract -> false;
        };
        if (stays) {
            return SecretDerivation.onToken(session, secret, wanted);
        }
        if (!pool.allowExtract()) {
            throw new HsmFailure(
                    Kind.UNSUPPORTED,
                    0,
                    pool.label() + ": " + wanted + " needs the secret on the host, which is not allowed");
        }
        byte[] octets = pool.agreements().read(session, driver, secret);
        try {
            return SecretDerivation.onHost(octets, wanted);
        } finally {
            Arrays.fill(octets, (byte) 0);
        }
    }

    /** Runs a use of an object that a caller may release meanwhile. */
    private <T> T onObject(TokenObject object, Body<T> body) throws HsmFailure {
        if (!object.acquire()) {
            throw lost();
        }
        try {
            return onSession(new Footing.Handle(object), (session, epoch) -> {
                if (!object.alive(epoch)) {
                    throw lost();
                }
                return body.run(session, epoch);
            });
        } finally {
            if (object.finish()) {
                destroy(object);
            }
        }
    }

    /**
     * Runs a body on this worker's session and recovers: one fresh session, one renewed login.
     *
     * @throws HsmFailure where recovery does not help
     */
    private <T> T onSession(Footing footing, Body<T> body) throws HsmFailure {
        boolean sessionReplaced = false;
        boolean loginRenewed = false;
        while (true) {
            TokenSession session = session();
            long epoch = pool.login().epoch();
            try {
                return body.run(session, epoch);
            } catch (Pkcs11Exception e) {
                HsmFailure failure = Failures.of(pool.label(), e);
                switch (failure.kind()) {
                    case SESSION_DEAD -> {
                        if (Failures.sessionStuck(e.ckr())) {
                            session.retire();
                        } else {
                            session.die();
                        }
                        if (sessionReplaced) {
                            throw failure;
                        }
                        sessionReplaced = true;
                    }
                    case LOGIN_LOST -> {
                        if (loginRenewed) {
                            throw failure;
                        }
                        loginRenewed = true;
                        recoverLogin(session, epoch, e.ckr());
                        switch (footing) {
                            case Footing.Itself itself -> {}
                            case Footing.Key key -> key.key().forget();
                            case Footing.Handle handle -> throw lost();
                        }
                    }
                    case TOKEN_GONE -> {
                        session.die();
                        throw failure;
                    }
                    case BUSY, EXPIRED, LOST, DEVICE_BROKEN, OUR_FAULT, PEER_DATA, PIN, UNSUPPORTED, CLOSED ->
                        throw failure;
                }
            }
        }
    }

    private void recoverLogin(TokenSession session, long epoch, long ckr) throws HsmFailure {
        if (!pool.login().required()) {
            return;
        }
        boolean lost = ckr == Ckr.USER_NOT_LOGGED_IN;
        if (!lost) {
            // a handle is invalid: because the login is gone, or because the object is?
            try {
                lost = !session.session().userLoggedIn();
            } catch (Pkcs11Exception e) {
                session.die();
            }
        }
        if (lost) {
            pool.login().renew(epoch);
        }
    }

    /** The live session of this worker, a fresh one where it has none. */
    private TokenSession session() throws HsmFailure {
        pool.login().check();
        TokenSession open = current;
        if (open == null || !open.live()) {
            current = null;
            if (open != null) {
                open.leave();
            }
            open = pool.openSession();
            current = open;
        }
        return open;
    }

    /** Destroys an object of the running request; where that fails, its session goes, and the object with it. */
    private static void destroy(TokenSession session, long object) {
        try {
            session.session().destroy(object);
        } catch (Pkcs11Exception e) {
            switch (Failures.kindOf(e.ckr())) {
                case LOGIN_LOST -> {}
                case SESSION_DEAD -> {
                    if (Failures.sessionStuck(e.ckr())) {
                        session.retire();
                    } else {
                        session.die();
                    }
                }
                case TOKEN_GONE -> session.die();
                case BUSY, EXPIRED, LOST, DEVICE_BROKEN, OUR_FAULT, PEER_DATA, PIN, UNSUPPORTED, CLOSED ->
                    session.retire();
            }
        }
    }

    /** Destroys an object that was released. */
    private void destroy(TokenObject object) {
        try {
            if (!object.creator().gone()) {
                onSession(ITSELF, (session, epoch) -> {
                    try {
                        session.session().destroy(object.object());
                    } catch (Pkcs11Exception e) {
                        if (Failures.kindOf(e.ckr()) != Kind.LOGIN_LOST) {
                            throw e;
                        }
                        // it died with a login, or its session died unnoticed: nothing is left to destroy
                    }
                    return true;
                });
            }
        } catch (HsmFailure e) {
            object.creator().retire();
        } finally {
            object.creator().disown();
        }
    }

    private GroupAbility ability(KeyExchangeGroup group) throws HsmFailure {
        GroupAbility ability = pool.abilities().groups().get(group);
        if (ability == null) {
            throw new HsmFailure(Kind.UNSUPPORTED, 0, pool.label() + ": the token does not offer " + group);
        }
        return ability;
    }

    private TokenKey key(KeyRef ref) throws HsmFailure {
        if (ref instanceof TokenKey key && key.pool() == pool) {
            return key;
        }
        throw foreign("key");
    }

    private KeyExchangeHandle handle(KeyExchangeRef ref) throws HsmFailure {
        if (ref instanceof KeyExchangeHandle handle && handle.pool() == pool) {
            return handle;
        }
        throw foreign("key-exchange handle");
    }

    private PoolSecret secret(SharedSecret secret) throws HsmFailure {
        if (secret instanceof PoolSecret ours && ours.pool() == pool) {
            return ours;
        }
        throw foreign("shared secret");
    }

    private HsmFailure foreign(String what) {
        return new HsmFailure(Kind.OUR_FAULT, 0, pool.label() + ": the " + what + " belongs to another token");
    }

    private HsmFailure lost() {
        return new HsmFailure(Kind.LOST, 0, pool.label() + ": the handle is released, or its session or login is gone");
    }
}
