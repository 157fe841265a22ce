package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.pool.TokenAbilities.GroupAbility;
import dev.cardinal.hsm.pool.TokenCounters.Operation;
import org.jspecify.annotations.Nullable;

/** What requests come to, with the handles for what was made, counted. */
record Results(TokenPool pool) {

    HsmResult signed(byte[] signature) {
        pool.counters().onOperation(Operation.SIGN);
        return new HsmResult.Signed(signature);
    }

    HsmResult verified(boolean valid) {
        pool.counters().onOperation(Operation.VERIFY);
        return new HsmResult.Verified(valid);
    }

    HsmResult decrypted(byte[] plaintext) {
        pool.counters().onOperation(Operation.DECRYPT);
        return new HsmResult.Decrypted(plaintext);
    }

    HsmResult random(byte[] octets) {
        pool.counters().onOperation(Operation.RANDOM);
        return new HsmResult.RandomOctets(octets);
    }

    /**
     * @param session that made the private key
     * @param epoch in which it was made
     */
    HsmResult generated(TokenSession session, long epoch, GroupAbility group, KeyAgreements.Fresh fresh) {
        pool.counters().onHandle();
        pool.counters().onOperation(Operation.GENERATE);
        TokenObject privateKey = new TokenObject(session, epoch, fresh.privateKey());
        return new HsmResult.Generated(
                new KeyExchangeHandle(pool, group.driver().group(), privateKey), fresh.publicValue());
    }

    /** @param publicValue our own, where the key pair was made for this agreement */
    HsmResult derived(byte @Nullable [] publicValue, byte[] derived) {
        onAgreed(publicValue);
        pool.counters().onOperation(Operation.DERIVE);
        return new HsmResult.Agreed(publicValue, derived, null);
    }

    /**
     * @param publicValue as in {@link #derived}
     * @param session that made the secret
     * @param epoch in which it was made
     */
    HsmResult handedOut(
            byte @Nullable [] publicValue, TokenSession session, long epoch, GroupAbility group, long secret) {
        return handedOut(
                publicValue,
                new PoolSecret.OnToken(pool, group.driver().group(), new TokenObject(session, epoch, secret)));
    }

    /** @param octets of the secret, owned by the result */
    HsmResult handedOut(byte @Nullable [] publicValue, GroupAbility group, byte[] octets) {
        return handedOut(publicValue, new PoolSecret.OnHost(pool, group.driver().group(), octets));
    }

    HsmResult derivedLater(byte[] octets) {
        pool.counters().onOperation(Operation.DERIVE);
        return new HsmResult.Derived(octets);
    }

    private HsmResult handedOut(byte @Nullable [] publicValue, PoolSecret secret) {
        onAgreed(publicValue);
        pool.counters().onHandle();
        return new HsmResult.Agreed(publicValue, null, secret);
    }

    private void onAgreed(byte @Nullable [] publicValue) {
        if (publicValue != null) {
            pool.counters().onOperation(Operation.GENERATE);
        }
        pool.counters().onOperation(Operation.AGREE);
    }
}
