package dev.cardinal.hsm.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Mechanism;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import dev.cardinal.hsm.pkcs11.Session;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The contract on NSS softoken without a database: PKCS#11 3.0, no login, keys of a session that stays open. */
final class NssTest extends HsmContract {

    @SuppressWarnings("NullAway.Init") // keys() comes first
    private Pkcs11Module module;

    @SuppressWarnings("NullAway.Init")
    private Session session;

    @Override
    TokenSettings settings() {
        return TestTokens.nss();
    }

    @Override
    TokenKeys keys() throws Exception {
        TokenSettings settings = settings();
        module = Pkcs11Module.open(settings.module(), settings.initArgs());
        session = Session.open(
                module.cryptoki(),
                TokenSlot.find(module.cryptoki(), settings.token()).slot(),
                false);
        Cryptoki.KeyPair rsa = generate(
                Ckm.RSA_PKCS_KEY_PAIR_GEN,
                1,
                Attribute.of(Cka.MODULUS_BITS, 2048),
                Attribute.of(Cka.PUBLIC_EXPONENT, new byte[] {1, 0, 1}));
        List<byte[]> ec = new ArrayList<>();
        byte id = 2;
        for (EcCurve curve : EcCurve.values()) {
            Cryptoki.KeyPair pair =
                    generate(Ckm.EC_KEY_PAIR_GEN, id++, Attribute.of(Cka.EC_PARAMS, curve.objectIdentifier()));
            ec.add(PublicKeys.ec(curve, session.attribute(pair.publicKey(), Cka.EC_POINT))
                    .getEncoded());
        }
        return new TokenKeys(
                PublicKeys.rsa(
                                session.attribute(rsa.publicKey(), Cka.MODULUS),
                                session.attribute(rsa.publicKey(), Cka.PUBLIC_EXPONENT))
                        .getEncoded(),
                ec,
                new byte[0]);
    }

    private Cryptoki.KeyPair generate(long mechanism, int id, Attribute... parameters) throws Exception {
        List<Attribute> publicTemplate = new ArrayList<>(List.of(parameters));
        publicTemplate.add(Attribute.of(Cka.ID, new byte[] {(byte) id}));
        return module.cryptoki()
                .generateKeyPair(
                        session.handle(),
                        Mechanism.of(mechanism),
                        publicTemplate,
                        List.of(
                                Attribute.of(Cka.ID, new byte[] {(byte) id}),
                                Attribute.of(Cka.SENSITIVE, true),
                                Attribute.of(Cka.EXTRACTABLE, false)));
    }

    @Override
    Set<KeyExchangeGroup> groups() {
        return EnumSet.complementOf(EnumSet.of(KeyExchangeGroup.X448));
    }

    @Test
    void isBoundThroughItsInterfaceOfVersion3() {
        assertEquals(0x0300, module.cryptoki().functionListVersion());
    }

    @AfterAll
    void closeKeys() throws Exception {
        session.close();
        module.close();
    }
}
