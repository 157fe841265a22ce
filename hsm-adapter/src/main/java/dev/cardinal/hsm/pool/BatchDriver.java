package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.pkcs11.Ckb;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Lane;
import dev.cardinal.hsm.pkcs11.Mechanism;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pool.TokenAbilities.GroupAbility;
import dev.cardinal.hsm.pool.TokenOperation.Product;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Requests by {@code ExecuteBatch}: all that were taken together and have the form of a lane are one call. Lanes that
 * failed for a reason that passes are tried again together. What has no such form goes by the plain functions.
 */
final class BatchDriver implements TokenDriver {

    private final TokenPool pool;
    private final Recovery recovery;
    private final SessionDriver sessions;
    private final Results results;

    /** Scratch: requests of each kind in a call. */
    private final int[] kinds = new int[LaneKind.COUNT];

    /** @param sessions of the same worker */
    BatchDriver(TokenPool pool, Recovery recovery, SessionDriver sessions) {
        this.pool = pool;
        this.recovery = recovery;
        this.sessions = sessions;
        this.results = new Results(pool);
    }

    /** A request that goes in a lane, until it is completed. */
    private record Passenger(PendingRequest request, TokenOperation.InLane operation, Recovery.Attempts attempts) {}

    @Override
    public void perform(List<Work.Requested> requests) {
        List<Passenger> passengers = new ArrayList<>(requests.size());
        List<Work.Requested> others = new ArrayList<>();
        for (Work.Requested requested : requests) {
            PendingRequest request = new PendingRequest(pool, requested);
            request.attempt(() -> {
                TokenOperation operation = request.begin();
                if (operation instanceof TokenOperation.InLane inLane && fits(inLane)) {
                    if (inLane.footing() instanceof Footing.Handle handle
                            && !handle.object().acquire()) {
                        throw pool.lost();
                    }
                    passengers.add(new Passenger(request, inLane, new Recovery.Attempts()));
                } else if (operation != null) {
                    others.add(requested);
                }
            });
        }
        try {
            List<Passenger> waiting = passengers;
            // each can be tried a third time at most
            while (!waiting.isEmpty()) {
                waiting = carried(waiting);
            }
        } catch (RuntimeException | Error e) {
            for (Passenger passenger : passengers) {
                if (!passenger.request().requested().future().isDone()) {
                    passenger.request().fail(pool.internalError(e));
                }
            }
        } finally {
            passengers.forEach(passenger -> passenger.request().attempt(() -> release(passenger)));
        }
        sessions.perform(others);
    }

    /** Whether this token takes the operation in a lane. */
    private static boolean fits(TokenOperation.InLane operation) {
        return switch (operation) {
            case TokenOperation.Sign sign -> !sign.key().alwaysAuthenticate();
            case TokenOperation.Verify verify -> true;
            case TokenOperation.Decrypt decrypt -> !decrypt.key().alwaysAuthenticate();
            case TokenOperation.Generate generate -> generate.group().batched();
            case TokenOperation.Agree agree -> agree.group().batched() && hasLane(agree.product());
            case TokenOperation.GenerateAndAgree both -> both.group().batched() && hasLane(both.product());
        };
    }

    private static boolean hasLane(Product product) {
        return switch (product) {
            case Product.Kept kept -> true;
            // a lane makes one thing of a secret
            case Product.Derived derived -> !(derived.derivation() instanceof Derivation.Chains);
            case Product.Read read -> false;
        };
    }

    /**
     * One batch.
     *
     * @return those that are to be tried again; the others are completed
     */
    private List<Passenger> carried(List<Passenger> waiting) {
        List<Passenger> again = new ArrayList<>();
        TokenSession session;
        try {
            session = recovery.session();
        } catch (HsmFailure e) {
            waiting.forEach(passenger -> passenger.request().fail(e));
            return again;
        }
        long epoch = pool.login().epoch();
        List<Passenger> aboard = new ArrayList<>(waiting.size());
        List<Lane> lanes = new ArrayList<>(waiting.size());
        for (Passenger passenger : waiting) {
            passenger.request().attempt(() -> {
                try {
                    lanes.add(lane(passenger.operation(), session, epoch));
                    aboard.add(passenger);
                } catch (Pkcs11Exception e) {
                    recover(passenger, session, epoch, e, again);
                }
            });
        }
        if (lanes.isEmpty() || !session.live()) {
            // looking a key up may have cost the session
            again.addAll(aboard);
            return again;
        }
        count(aboard);
        List<Lane.Outcome> outcomes;
        try {
            outcomes =
                    session.session().cryptoki().executeBatch(session.session().handle(), lanes);
        } catch (Pkcs11Exception e) {
            for (Passenger passenger : aboard) {
                passenger.request().attempt(() -> recover(passenger, session, epoch, e, again));
            }
            return again;
        }
        for (int i = 0; i < aboard.size(); i++) {
            Passenger passenger = aboard.get(i);
            Lane.Outcome outcome = outcomes.get(i);
            passenger.request().attempt(() -> {
                if (isAnswer(passenger.operation(), outcome)) {
                    passenger.request().complete(result(passenger.operation(), session, epoch, outcome));
                } else {
                    Pkcs11Exception e = new Pkcs11Exception("ExecuteBatch", outcome.rv());
                    recover(passenger, session, epoch, cause(passenger.operation(), e), again);
                }
            });
        }
        return again;
    }

    private void count(List<Passenger> aboard) {
        Arrays.fill(kinds, 0);
        for (Passenger passenger : aboard) {
            kinds[passenger.request().requested().kind()]++;
        }
        for (int kind = 0; kind < kinds.length; kind++) {
            if (kinds[kind] > 0) {
                pool.counters().onLanes(kind, kinds[kind]);
            }
        }
    }

    private void recover(
            Passenger passenger, TokenSession session, long epoch, Pkcs11Exception e, List<Passenger> again)
            throws HsmFailure {
        recovery.recover(passenger.attempts(), passenger.operation().footing(), session, epoch, e);
        again.add(passenger);
    }

    private void release(Passenger passenger) {
        if (passenger.operation().footing() instanceof Footing.Handle handle
                && handle.object().finish()) {
            recovery.destroy(handle.object());
        }
    }

    private Lane lane(TokenOperation.InLane operation, TokenSession session, long epoch)
            throws Pkcs11Exception, HsmFailure {
        return switch (operation) {
            case TokenOperation.Sign sign ->
                new Lane.Sign(
                        sign.call().mechanism(),
                        sign.key().locate(session.session(), epoch).handle(),
                        sign.call().data(),
                        sign.call().maxLength());
            case TokenOperation.Verify verify ->
                new Lane.Verify(
                        verify.call().mechanism(), verify.key(), verify.call().data(), verify.signature());
            case TokenOperation.Decrypt decrypt ->
                new Lane.Decrypt(
                        Mechanism.of(Ckm.RSA_PKCS),
                        decrypt.key().locate(session.session(), epoch).handle(),
                        decrypt.ciphertext(),
                        decrypt.maxLength());
            case TokenOperation.Generate generate ->
                pool.agreements().generation(generate.group().driver());
            case TokenOperation.Agree agree -> {
                if (!agree.privateKey().alive(epoch)) {
                    throw pool.lost();
                }
                yield new Lane.Agree(
                        agree.derivation(),
                        agree.privateKey().object(),
                        product(agree.group().driver(), agree.product()));
            }
            case TokenOperation.GenerateAndAgree both -> {
                GroupDriver driver = both.group().driver();
                yield new Lane.GenerateAndAgree(
                        both.derivation(),
                        driver.parameters(),
                        KeyAgreements.publicRoom(driver),
                        product(driver, both.product()));
            }
        };
    }

    private Lane.Product product(GroupDriver driver, Product product) {
        return switch (product) {
            case Product.Kept kept ->
                new Lane.Product.Kept(pool.agreements().secretTemplate(driver, kept.extractable()));
            case Product.Derived derived -> derived(derived.derivation());
            case Product.Read read -> throw new IllegalArgumentException("a secret that is read has no lane");
        };
    }

    /** A derivation as a lane has it. */
    static Lane.Product.Derived derived(Derivation derivation) {
        return switch (derivation) {
            case Derivation.Hmac hmac ->
                new Lane.Product.Derived(
                        Ckb.DERIVE_PRF,
                        prf(hmac.hash()),
                        prfKey(hmac.key()),
                        hmac.suffix(),
                        hmac.hash().length());
            case Derivation.Expand expand ->
                new Lane.Product.Derived(
                        Ckb.DERIVE_PRF_PLUS,
                        prf(expand.hash()),
                        prfKey(expand.key()),
                        expand.suffix(),
                        expand.length());
            case Derivation.Chains chains -> throw new IllegalArgumentException("chains have no lane");
            case Derivation.Extract extract -> throw new IllegalArgumentException("extraction is no derivation");
        };
    }

    /** A key of PKCS#11 is never empty; RFC 2104 section 2 pads an empty one with zeros like any other short key. */
    private static byte[] prfKey(byte[] key) {
        return key.length == 0 ? new byte[1] : key;
    }

    private static long prf(HashAlgorithm hash) {
        return switch (hash) {
            case SHA1 -> Ckm.SHA_1_HMAC;
            case SHA256 -> Ckm.SHA256_HMAC;
            case SHA384 -> Ckm.SHA384_HMAC;
            case SHA512 -> Ckm.SHA512_HMAC;
        };
    }

    /** Why a lane failed, where that is not the peer's doing. */
    private Pkcs11Exception cause(TokenOperation.InLane operation, Pkcs11Exception e) throws HsmFailure {
        return switch (operation) {
            case TokenOperation.Decrypt decrypt -> e;
            case TokenOperation.Agree agree -> pool.onDerivationFailed(e);
            case TokenOperation.GenerateAndAgree both -> pool.onDerivationFailed(e);
            case TokenOperation.Verify verify -> {
                Kind kind = kindOfKey(e.ckr());
                if (kind != null) {
                    throw Failures.of(kind, pool.label(), e);
                }
                yield e;
            }
            case TokenOperation.Sign sign -> e;
            case TokenOperation.Generate generate -> e;
        };
    }

    /** A signature that is wrong and a ciphertext that is none are answers, and no failures. */
    private static boolean isAnswer(TokenOperation.InLane operation, Lane.Outcome outcome) {
        if (operation instanceof TokenOperation.Decrypt) {
            return !Plaintext.isFailure(outcome.rv());
        }
        return outcome.rv() == Ckr.OK
                || operation instanceof TokenOperation.Verify
                        && (outcome.rv() == Ckr.SIGNATURE_INVALID || outcome.rv() == Ckr.SIGNATURE_LEN_RANGE);
    }

    /** What is wrong with a key that came from a peer; null where it is not the key. */
    private static @Nullable Kind kindOfKey(long rv) {
        if (rv == Ckr.ATTRIBUTE_VALUE_INVALID) {
            return Kind.PEER_DATA;
        }
        return rv == Ckr.KEY_SIZE_RANGE || rv == Ckr.CURVE_NOT_SUPPORTED || rv == Ckr.MECHANISM_PARAM_INVALID
                ? Kind.UNSUPPORTED
                : null;
    }

    private HsmResult result(TokenOperation.InLane operation, TokenSession session, long epoch, Lane.Outcome outcome)
            throws HsmFailure {
        return switch (operation) {
            case TokenOperation.Sign sign -> results.signed(outcome.output());
            case TokenOperation.Verify verify -> results.verified(outcome.rv() == Ckr.OK);
            case TokenOperation.Decrypt decrypt ->
                results.decrypted(Plaintext.of(outcome.rv(), outcome.output(), outcome.length(), decrypt.substitute()));
            case TokenOperation.Generate generate -> {
                byte[] publicValue = publicValue(generate.group(), session, outcome);
                yield results.generated(
                        session, epoch, generate.group(), new KeyAgreements.Fresh(made(outcome), publicValue));
            }
            case TokenOperation.Agree agree -> agreed(agree.group(), agree.product(), session, epoch, outcome, null);
            case TokenOperation.GenerateAndAgree both -> {
                byte[] publicValue = publicValue(both.group(), session, outcome);
                yield agreed(both.group(), both.product(), session, epoch, outcome, publicValue);
            }
        };
    }

    private HsmResult agreed(
            GroupAbility group,
            Product product,
            TokenSession session,
            long epoch,
            Lane.Outcome outcome,
            byte @Nullable [] publicValue)
            throws HsmFailure {
        pool.onDerived();
        if (product instanceof Product.Derived derived) {
            if (outcome.output().length != derived(derived.derivation()).length()) {
                Arrays.fill(outcome.output(), (byte) 0);
                throw broken("octets derived have a wrong length");
            }
            return results.derived(publicValue, outcome.output());
        }
        return results.handedOut(publicValue, session, epoch, group, made(outcome));
    }

    /** Our own public value as the payload carries it; where it is none, what the lane made is given up. */
    private byte[] publicValue(GroupAbility group, TokenSession session, Lane.Outcome outcome) throws HsmFailure {
        byte[] payload = group.driver().payloadOf(outcome.publicValue());
        if (payload == null) {
            Arrays.fill(outcome.output(), (byte) 0);
            if (outcome.object() != 0) {
                Recovery.destroy(session, outcome.object());
            }
            throw broken("public value is none of " + group.driver().group());
        }
        return payload;
    }

    private long made(Lane.Outcome outcome) throws HsmFailure {
        if (outcome.object() == 0) {
            throw broken("object is missing");
        }
        return outcome.object();
    }

    private HsmFailure broken(String what) {
        return new HsmFailure(Kind.DEVICE_BROKEN, 0, pool.label() + ": ExecuteBatch: a lane's " + what);
    }
}
