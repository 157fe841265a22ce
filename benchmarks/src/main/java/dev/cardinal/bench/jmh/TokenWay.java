package dev.cardinal.bench.jmh;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.HsmResult;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.Urgency;
import dev.cardinal.hsm.pool.TokenPool;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Through a pool with one worker, so many requests under way at a time. SKEYSEED is made on the token, as the engine asks. */
final class TokenWay implements PublicKeyWay {
    private static final Derivation SKEYSEED = new Derivation.Hmac(HashAlgorithm.SHA256, new byte[64], new byte[0]);
    private static final long PATIENCE_SECONDS = 60;

    private final ThrowAwayToken token;
    private final TokenPool pool;
    private final int depth;
    private final KeyRef rsa;
    private final KeyRef ec;
    private final Map<Group, byte[]> peers = new EnumMap<>(Group.class);

    TokenWay(TokenKind kind, int depth) throws Exception {
        this.depth = depth;
        token = ThrowAwayToken.create(kind);
        byte[] rsaInfo = token.generateRsa2048();
        byte[] ecInfo = token.generateP256();
        pool = token.pool(
                Set.of(KeyExchangeGroup.MODP_2048, KeyExchangeGroup.P256, KeyExchangeGroup.X25519), OPERATIONS);
        rsa = pool.findKey(rsaInfo);
        ec = pool.findKey(ecInfo);
        for (Group group : Group.values()) {
            HsmResult made = pool.submit(new HsmRequest.Generate(name(group), Urgency.NEW, InFlight.deadline()))
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            peers.put(group, ((HsmResult.Generated) made).publicValue());
        }
    }

    private static KeyExchangeGroup name(Group group) {
        return KeyExchangeGroup.valueOf(group.name());
    }

    @Override
    public void rsa2048Sign() throws Exception {
        run(() -> new HsmRequest.Sign(
                rsa, SignatureMechanism.RSA_PKCS1_SHA256, new byte[64], Urgency.BEGUN, InFlight.deadline()));
    }

    @Override
    public void p256Sign() throws Exception {
        run(() -> new HsmRequest.Sign(
                ec, SignatureMechanism.ECDSA_SHA256, new byte[64], Urgency.BEGUN, InFlight.deadline()));
    }

    @Override
    public void generateAndAgree(Group group) throws Exception {
        byte[] peer = Objects.requireNonNull(peers.get(group));
        run(() -> new HsmRequest.GenerateAndAgree(name(group), peer, SKEYSEED, Urgency.BEGUN, InFlight.deadline()));
    }

    private void run(Supplier<HsmRequest> requests) throws Exception {
        InFlight.run(pool, OPERATIONS, depth, requests, InFlight::succeeded);
    }

    @Override
    public void close() throws Exception {
        pool.close();
        token.close();
    }
}
