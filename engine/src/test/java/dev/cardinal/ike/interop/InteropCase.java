package dev.cardinal.ike.interop;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One row of the table: where the two ends are, who begins, what they agree on, and what happens once they have. Built
 * once, then only read.
 */
final class InteropCase {

    /** Who sends the first message, and who takes a step. */
    enum By {
        OURS,
        THEIRS
    }

    /** A laboratory with a strongSwan in it. */
    enum Place {
        /** Direct link, strongSwan with userland ESP: port 4500 and Child SAs. */
        DIRECT,
        /** Direct link over IPv6. */
        DIRECT_IPV6,
        /** Direct link, strongSwan with its kernel back end: port 500, childless. */
        KERNEL,
        /** Direct link, a strongSwan that asks for cookies at once. */
        COOKIES,
        /** Direct link, a strongSwan whose private keys are on the crypto card. */
        THEIR_CARD,
        /** strongSwan behind the masquerading box. */
        NAT_THEIRS,
        /** We behind the masquerading box. */
        NAT_OURS;

        /** Which host of the laboratory is ours. */
        boolean oursIsLeft() {
            return switch (this) {
                case DIRECT, DIRECT_IPV6, KERNEL, COOKIES, THEIR_CARD, NAT_THEIRS -> true;
                case NAT_OURS -> false;
            };
        }
    }

    /** What happens before the first message; files may be made in the folder. */
    @FunctionalInterface
    interface Preparation {
        void run(Lab lab, Path folder);
    }

    /** What happens once the SAs stand; assertion errors end it. */
    @FunctionalInterface
    interface Step {
        void run(InteropRun run);
    }

    final String name;
    final By initiator;
    final Authentication authentication;
    Place place = Place.DIRECT;
    Authentication.Key key;
    String ike = "aes256-sha256-x25519";
    String ikeSuite = "AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519";
    String esp = "aes256-sha256";
    String espSuite = "AES_CBC-256/HMAC_SHA2_256_128";
    final List<String> ourConnection = new ArrayList<>();
    final List<String> ourChild = new ArrayList<>();
    final List<String> ourSettings = new ArrayList<>();
    final List<String> theirConnection = new ArrayList<>();
    final List<String> theirChild = new ArrayList<>();
    final List<String> theirSettings = new ArrayList<>();
    Preparation before = (lab, folder) -> {};
    Step step = run -> {};
    /** Whether our keys are on the crypto card rather than on SoftHSM. */
    boolean ourCard;
    /** Whether the step leaves the IKE SA standing, to be deleted by us at the end. */
    boolean standing = true;

    InteropCase(String name, By initiator, Authentication authentication) {
        this.name = name;
        this.initiator = initiator;
        this.authentication = authentication;
        this.key = authentication.key();
        if (!authentication.strongswanSettings().isEmpty()) {
            theirSettings.add(authentication.strongswanSettings());
        }
    }

    InteropCase at(Place where) {
        place = where;
        return this;
    }

    /** Our keys are on the crypto card. */
    InteropCase onOurCard() {
        ourCard = true;
        return this;
    }

    InteropCase key(Authentication.Key which) {
        key = which;
        return this;
    }

    /** The IKE proposal of both ends and how strongSwan lists it. */
    InteropCase ike(String proposal, String suite) {
        ike = proposal;
        ikeSuite = suite;
        return this;
    }

    /** The ESP proposal of both ends and how strongSwan lists the first Child SA, which has no key exchange of its own. */
    InteropCase esp(String proposal, String suite) {
        esp = proposal;
        espSuite = suite;
        return this;
    }

    InteropCase ourConnection(String... lines) {
        ourConnection.addAll(List.of(lines));
        return this;
    }

    InteropCase ourChild(String... lines) {
        ourChild.addAll(List.of(lines));
        return this;
    }

    InteropCase ourSettings(String... lines) {
        ourSettings.addAll(List.of(lines));
        return this;
    }

    InteropCase theirConnection(String... lines) {
        theirConnection.addAll(List.of(lines));
        return this;
    }

    InteropCase theirChild(String... lines) {
        theirChild.addAll(List.of(lines));
        return this;
    }

    InteropCase theirSettings(String... lines) {
        theirSettings.addAll(List.of(lines));
        return this;
    }

    /** What happens before the first message. */
    InteropCase before(Preparation what) {
        before = what;
        return this;
    }

    InteropCase step(Step what) {
        step = what;
        return this;
    }

    /** The step ends the IKE SA itself. */
    InteropCase ends() {
        standing = false;
        return this;
    }

    boolean childless() {
        return place == Place.KERNEL;
    }
}
