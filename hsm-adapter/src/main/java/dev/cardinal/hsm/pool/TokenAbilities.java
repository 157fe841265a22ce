package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HashAlgorithm;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.TokenProfile;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Session;
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
 * @param refusals why the other groups that were asked for are not offered
 */
record TokenAbilities(
        Map<KeyExchangeGroup, GroupAbility> groups,
        Set<HashAlgorithm> hashes,
        Signatures signatures,
        Map<KeyExchangeGroup, String> refusals) {

    /**
     * A group on this token.
     *
     * @param hidden whether {@code g^xy} can stay on the token
     */
    record GroupAbility(GroupDriver driver, boolean hidden) {}

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
                Collections.unmodifiableSet(hidden));
    }

    /** Tries what the settings ask for on an open, logged-in session; leaves no object behind. */
    static TokenAbilities probe(
            Session session, KeyAgreements agreements, Set<KeyExchangeGroup> wanted, boolean allowExtract)
            throws Pkcs11Exception {
        return new Probe(session, agreements, allowExtract).run(wanted);
    }

    private static final class Probe {
        private final Session session;
        private final KeyAgreements agreements;
        private final boolean allowExtract;
        private final Set<Long> mechanisms;
        private Set<HashAlgorithm> hashes = EnumSet.noneOf(HashAlgorithm.class);
        private boolean hashesTried;

        Probe(Session session, KeyAgreements agreements, boolean allowExtract) throws Pkcs11Exception {
            this.session = session;
            this.agreements = agreements;
            this.allowExtract = allowExtract;
            this.mechanisms = new HashSet<>();
            for (long mechanism : session.cryptoki().getMechanismList(session.slot())) {
                mechanisms.add(mechanism);
            }
        }

        TokenAbilities run(Set<KeyExchangeGroup> wanted) {
            Map<KeyExchangeGroup, GroupAbility> groups = new EnumMap<>(KeyExchangeGroup.class);
            Map<KeyExchangeGroup, String> refusals = new EnumMap<>(KeyExchangeGroup.class);
            for (KeyExchangeGroup group : new TreeSet<>(wanted)) {
                List<String> reasons = new ArrayList<>();
                for (GroupDriver driver : drivers(group)) {
                    try {
                        groups.put(group, tried(driver));
                        break;
                    } catch (Pkcs11Exception | HsmFailure e) {
                        reasons.add(String.valueOf(e.getMessage()));
                    }
                }
                if (!groups.containsKey(group)) {
                    refusals.put(group, reasons.isEmpty() ? "no mechanism" : String.join("; ", reasons));
                }
            }
            return new TokenAbilities(
                    Map.copyOf(groups), Set.copyOf(hashes), new Signatures(mechanisms), Map.copyOf(refusals));
        }

        /** The ways to speak a group, of which the mechanism list lets hope. */
        private List<GroupDriver> drivers(KeyExchangeGroup group) {
            List<GroupDriver> drivers = switch (group) {
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

        private GroupAbility tried(GroupDriver driver) throws Pkcs11Exception, HsmFailure {
            KeyAgreements.Fresh fresh = agreements.generate(session, driver);
            try {
                GroupDriver.SelfTest test = driver.selfTest(fresh.publicValue());
                String reason;
                try {
                    if (hides(driver, fresh.privateKey(), test)) {
                        return new GroupAbility(driver, true);
                    }
                    reason = "a secret with a leading zero came out wrong";
                } catch (Pkcs11Exception e) {
                    if (!allowExtract) {
                        throw e;
                    }
                    reason = e.getMessage();
                }
                if (allowExtract && extracts(driver, fresh.privateKey(), test)) {
                    return new GroupAbility(driver, false);
                }
                throw new HsmFailure(Kind.UNSUPPORTED, 0, driver.group() + ": " + reason);
            } finally {
                session.destroy(fresh.privateKey());
            }
        }

        private boolean hides(GroupDriver driver, long privateKey, GroupDriver.SelfTest test)
                throws Pkcs11Exception, HsmFailure {
            long secret = agreements.derive(session, driver, privateKey, driver.derivation(test.peerPublic()), false);
            try {
                if (session.attributeIfPresent(secret, Cka.VALUE) != null) {
                    return false;
                }
                if (!hashesTried) {
                    for (HashAlgorithm hash : HashAlgorithm.values()) {
                        if (mechanisms.contains(Signatures.digestMechanism(hash)) && agrees(hash, secret, test)) {
                            hashes.add(hash);
                        }
                    }
                    hashesTried = !hashes.isEmpty();
                    return hashesTried;
                }
                return agrees(hashes.iterator().next(), secret, test);
            } finally {
                session.destroy(secret);
            }
        }

        private boolean agrees(HashAlgorithm hash, long secret, GroupDriver.SelfTest test)
                throws Pkcs11Exception, HsmFailure {
            Derivation derivation = new Derivation.Hmac(hash, new byte[] {1, 2, 3}, new byte[] {4, 5, 6});
            return Arrays.equals(
                    SecretDerivation.onToken(session, secret, derivation),
                    SecretDerivation.onHost(test.secret(), derivation));
        }

        private boolean extracts(GroupDriver driver, long privateKey, GroupDriver.SelfTest test)
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
