package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.TokenProfile;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Lane;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Session;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a token was found to do, by trying it.
 *
 * @param groups groups whose self-test passed
 * @param hashes hashes that keep a secret on the token while they derive from it
 * @param verifies whether lanes of a batch verify with keys by value
 * @param refusals why the other groups that were asked for are not offered
 */
record TokenAbilities(
        Map<KeyExchangeGroup, GroupAbility> groups,
        Set<HashAlgorithm> hashes,
        Signatures signatures,
        boolean verifies,
        Map<KeyExchangeGroup, String> refusals) {

    /**
     * A group on this token.
     *
     * @param hidden whether {@code g^xy} can stay on the token
     * @param batched whether lanes of a batch do what the plain functions do
     */
    record GroupAbility(GroupDriver driver, boolean hidden, boolean batched) {}

    TokenProfile profile(String label) {
        Set<KeyExchangeGroup> hidden = EnumSet.noneOf(KeyExchangeGroup.class);
        groups.forEach((group, ability) -> {
            if (ability.hidden()) {
                hidden.add(group);
            }
        });
        Set<KeyExchangeGroup> offered = EnumSet.noneOf(KeyExchangeGroup.class);
        offered.addAll(groups.keySet());
        return new TokenProfile(
                label,
                Collections.unmodifiableSet(offered),
                Collections.unmodifiableSet(signatures.offered()),
                verifies ? Collections.unmodifiableSet(signatures.offered()) : Set.of(),
                Collections.unmodifiableSet(hidden));
    }

    /**
     * Tries what the settings ask for, with the login in place; leaves no object behind.
     *
     * @param label for messages
     * @throws HsmFailure when the token is lost meanwhile, which says nothing about what it can do
     */
    static TokenAbilities probe(
            Cryptoki cryptoki,
            long slot,
            String label,
            KeyAgreements agreements,
            Set<KeyExchangeGroup> wanted,
            boolean allowExtract)
            throws HsmFailure {
        try {
            Set<Long> mechanisms = new HashSet<>();
            for (long mechanism : cryptoki.getMechanismList(slot)) {
                mechanisms.add(mechanism);
            }
            return new Probe(cryptoki, slot, mechanisms, agreements, allowExtract).run(wanted);
        } catch (Pkcs11Exception e) {
            throw Failures.of(label, e);
        }
    }

    private static final class Probe {
        private final Cryptoki cryptoki;
        private final long slot;
        private final Set<Long> mechanisms;
        private final KeyAgreements agreements;
        private final boolean allowExtract;
        private final Set<HashAlgorithm> hashes = EnumSet.noneOf(HashAlgorithm.class);

        Probe(Cryptoki cryptoki, long slot, Set<Long> mechanisms, KeyAgreements agreements, boolean allowExtract) {
            this.cryptoki = cryptoki;
            this.slot = slot;
            this.mechanisms = mechanisms;
            this.agreements = agreements;
            this.allowExtract = allowExtract;
        }

        TokenAbilities run(Set<KeyExchangeGroup> wanted) throws Pkcs11Exception {
            Map<KeyExchangeGroup, GroupAbility> groups = new EnumMap<>(KeyExchangeGroup.class);
            Map<KeyExchangeGroup, String> refusals = new EnumMap<>(KeyExchangeGroup.class);
            for (KeyExchangeGroup group : new TreeSet<>(wanted)) {
                List<String> reasons = new ArrayList<>();
                for (GroupDriver driver : drivers(group)) {
                    // a session each: what a failed attempt leaves active or alive goes with it
                    Session session = Session.open(cryptoki, slot, false);
                    try {
                        groups.put(group, tried(session, driver));
                        break;
                    } catch (Pkcs11Exception e) {
                        throwIfLost(e);
                        reasons.add(e.getMessage());
                    } catch (HsmFailure e) {
                        reasons.add(e.getMessage());
                    } finally {
                        session.close();
                    }
                }
                if (!groups.containsKey(group)) {
                    refusals.put(group, reasons.isEmpty() ? "no mechanism" : String.join("; ", reasons));
                }
            }
            Signatures signatures = new Signatures(mechanisms);
            return new TokenAbilities(
                    Map.copyOf(groups),
                    Set.copyOf(hashes),
                    signatures,
                    cryptoki.offersBatch() && verifies(signatures),
                    Map.copyOf(refusals));
        }

        /** A signature that is right and one that is not; a module of version 1.0 knows no keys by value. */
        private boolean verifies(Signatures signatures) throws Pkcs11Exception {
            if (!signatures.offered().contains(SignatureMechanism.ECDSA_SHA256)) {
                return false;
            }
            Session session = Session.open(cryptoki, slot, false);
            try {
                KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
                generator.initialize(EcCurve.P256.parameters());
                KeyPair pair = generator.generateKeyPair();
                byte[] message = {1, 2, 3};
                Signature signer = Signature.getInstance("SHA256withECDSAinP1363Format");
                signer.initSign(pair.getPrivate());
                signer.update(message);
                byte[] signature = signer.sign();
                Signatures.Call right = signatures.call(pair.getPublic(), SignatureMechanism.ECDSA_SHA256, message);
                Signatures.Call wrong =
                        signatures.call(pair.getPublic(), SignatureMechanism.ECDSA_SHA256, new byte[] {1, 2, 4});
                List<Attribute> key = PublicKeys.template(pair.getPublic());
                return only(session, new Lane.Verify(right.mechanism(), key, right.data(), signature))
                                        .rv()
                                == Ckr.OK
                        && only(session, new Lane.Verify(wrong.mechanism(), key, wrong.data(), signature))
                                        .rv()
                                == Ckr.SIGNATURE_INVALID;
            } catch (Pkcs11Exception e) {
                throwIfLost(e);
                return false;
            } catch (HsmFailure | GeneralSecurityException e) {
                throw new IllegalStateException("P-256 on the host", e);
            } finally {
                session.close();
            }
        }

        /** A token that is lost must not pass for one that lacks a group. */
        private static void throwIfLost(Pkcs11Exception e) throws Pkcs11Exception {
            switch (Failures.kindOf(e.ckr())) {
                case BUSY, LOGIN_LOST, TOKEN_GONE, PIN -> throw e;
                case SESSION_DEAD -> {
                    if (!Failures.sessionStuck(e.ckr())) {
                        throw e;
                    }
                }
                case EXPIRED, LOST, DEVICE_BROKEN, OUR_FAULT, PEER_DATA, UNSUPPORTED, CLOSED -> {}
            }
        }

        /** The ways to speak a group, of which the mechanism list lets hope. */
        private List<GroupDriver> drivers(KeyExchangeGroup group) {
            List<GroupDriver> drivers = switch (group) {
                case MODP_1024 -> List.of(new ModpDriver(group, ModpGroup.MODP_1024));
                case MODP_1536 -> List.of(new ModpDriver(group, ModpGroup.MODP_1536));
                case MODP_2048 -> List.of(new ModpDriver(group, ModpGroup.MODP_2048));
                case MODP_3072 -> List.of(new ModpDriver(group, ModpGroup.MODP_3072));
                case MODP_4096 -> List.of(new ModpDriver(group, ModpGroup.MODP_4096));
                case MODP_6144 -> List.of(new ModpDriver(group, ModpGroup.MODP_6144));
                case MODP_8192 -> List.of(new ModpDriver(group, ModpGroup.MODP_8192));
                case P256 -> ecp(group, EcCurve.P256);
                case P384 -> ecp(group, EcCurve.P384);
                case P521 -> ecp(group, EcCurve.P521);
                case X25519 -> montgomery(group, MontgomeryDriver.Curve.X25519);
                case X448 -> montgomery(group, MontgomeryDriver.Curve.X448);
            };
            return drivers.stream()
                    .filter(driver -> mechanisms.contains(driver.generation().type()))
                    .filter(driver ->
                            mechanisms.contains(driver instanceof ModpDriver ? Ckm.DH_PKCS_DERIVE : Ckm.ECDH1_DERIVE))
                    .toList();
        }

        private static List<GroupDriver> ecp(KeyExchangeGroup group, EcCurve curve) {
            return List.of(new EcpDriver(group, curve, false), new EcpDriver(group, curve, true));
        }

        private static List<GroupDriver> montgomery(KeyExchangeGroup group, MontgomeryDriver.Curve curve) {
            List<GroupDriver> drivers = new ArrayList<>();
            for (MontgomeryDriver.Encoding encoding : MontgomeryDriver.Encoding.values()) {
                MontgomeryDriver driver = new MontgomeryDriver(group, curve, encoding);
                if (driver.defined()) {
                    drivers.add(driver);
                }
            }
            return drivers;
        }

        private GroupAbility tried(Session session, GroupDriver driver) throws Pkcs11Exception, HsmFailure {
            KeyAgreements.Fresh fresh = agreements.generate(session, driver);
            try {
                // the token's own value must pass what a peer's has to
                driver.derivation(fresh.publicValue());
                GroupDriver.SelfTest test = driver.selfTest(fresh.publicValue());
                String reason;
                try {
                    if (hides(session, driver, fresh.privateKey(), test)) {
                        return new GroupAbility(driver, true, batched(session, driver));
                    }
                    reason = "a secret with a leading zero came out wrong, or C_DigestKey does not take it";
                } catch (Pkcs11Exception e) {
                    if (!allowExtract) {
                        throw e;
                    }
                    reason = e.getMessage();
                }
                if (allowExtract && extracts(session, driver, fresh.privateKey(), test)) {
                    return new GroupAbility(driver, false, false);
                }
                throw new HsmFailure(Kind.UNSUPPORTED, 0, driver.group() + ": " + reason);
            } finally {
                session.destroy(fresh.privateKey());
            }
        }

        private boolean hides(Session session, GroupDriver driver, long privateKey, GroupDriver.SelfTest test)
                throws Pkcs11Exception, HsmFailure {
            long secret = agreements.derive(session, driver, privateKey, driver.derivation(test.peerPublic()), false);
            try {
                if (session.attributeIfPresent(secret, Cka.VALUE) != null) {
                    return false;
                }
                if (hashes.isEmpty()) {
                    for (HashAlgorithm hash : HashAlgorithm.values()) {
                        if (mechanisms.contains(Signatures.digestMechanism(hash))
                                && works(session, hash, secret, test)) {
                            hashes.add(hash);
                        }
                    }
                    return !hashes.isEmpty();
                }
                return agrees(session, hashes.iterator().next(), secret, test);
            } finally {
                session.destroy(secret);
            }
        }

        /** False also where the token has the hash but refuses to use it so. */
        private boolean works(Session session, HashAlgorithm hash, long secret, GroupDriver.SelfTest test)
                throws Pkcs11Exception, HsmFailure {
            try {
                return agrees(session, hash, secret, test);
            } catch (Pkcs11Exception e) {
                throwIfLost(e);
                return false;
            }
        }

        private boolean agrees(Session session, HashAlgorithm hash, long secret, GroupDriver.SelfTest test)
                throws Pkcs11Exception, HsmFailure {
            Derivation derivation = probeDerivation(hash);
            return Arrays.equals(
                    SecretDerivation.onToken(session, secret, derivation),
                    SecretDerivation.onHost(test.secret(), derivation));
        }

        private static Derivation probeDerivation(HashAlgorithm hash) {
            return new Derivation.Hmac(hash, new byte[] {1, 2, 3}, new byte[] {4, 5, 6});
        }

        /** The same test in lanes. A module that has the interface may still lack a group in it. */
        private boolean batched(Session session, GroupDriver driver) throws Pkcs11Exception, HsmFailure {
            if (!cryptoki.offersBatch()) {
                return false;
            }
            Lane.Outcome generated = only(session, agreements.generation(driver));
            if (generated.rv() != Ckr.OK) {
                return false;
            }
            try {
                byte[] publicValue = driver.payloadOf(generated.publicValue());
                if (publicValue == null) {
                    return false;
                }
                GroupDriver.SelfTest test = driver.selfTest(publicValue);
                Derivation derivation = probeDerivation(hashes.iterator().next());
                Lane.Outcome agreed = only(
                        session,
                        new Lane.Agree(
                                driver.derivation(test.peerPublic()),
                                generated.object(),
                                BatchDriver.derived(derivation)));
                return agreed.rv() == Ckr.OK
                        && Arrays.equals(agreed.output(), SecretDerivation.onHost(test.secret(), derivation));
            } finally {
                session.destroy(generated.object());
            }
        }

        private static Lane.Outcome only(Session session, Lane lane) throws Pkcs11Exception {
            return session.cryptoki()
                    .executeBatch(session.handle(), List.of(lane))
                    .getFirst();
        }

        private boolean extracts(Session session, GroupDriver driver, long privateKey, GroupDriver.SelfTest test)
                throws Pkcs11Exception, HsmFailure {
            long secret = agreements.derive(session, driver, privateKey, driver.derivation(test.peerPublic()), true);
            try {
                return Arrays.equals(agreements.read(session, driver, secret), test.secret());
            } finally {
                session.destroy(secret);
            }
        }
    }
}
