package dev.cardinal.bench.results;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One benchmark of the page.
 *
 * @param name of its own, and of the file with its last result
 * @param group whose table it is in
 * @param arguments for the launcher
 * @param output file that holds the JSON afterwards; empty where the program prints it
 * @param limit after which it has failed
 */
record Part(String name, Group group, List<String> arguments, String output, Duration limit) {

    private static final Duration SHORT = Duration.ofMinutes(30);
    private static final Duration LONG = Duration.ofHours(4);

    Part {
        arguments = List.copyOf(arguments);
    }

    /** A section of the page. */
    enum Group {
        HANDSHAKES,
        COMPARE,
        OVERHEAD,
        STORM,
        SCALE,
        DECRYPTION,
        PRIMITIVES,
        JMH
    }

    /** How the parts are to be run. */
    record Plan(boolean quick, boolean large, String folder) {}

    /**
     * All parts in the page's order.
     *
     * @param plan {@code folder}: where plots go, relative to the root
     */
    static List<Part> all(Plan plan) {
        List<Part> parts = new ArrayList<>();
        for (String suite : List.of("rsa2048-modp2048", "rsa2048-x25519", "ecdsa256-ecp256", "psk-x25519")) {
            parts.add(handshakes("handshakes-" + suite, suite, "card", plan));
        }
        parts.add(handshakes("handshakes-rsa2048-x25519-softhsm", "rsa2048-x25519", "softhsm", plan));
        parts.add(compare("compare-card", plan, "--key", "card"));
        parts.add(compare("compare-softhsm", plan, "--key", "softhsm", "--suite", "rsa2048-x25519"));
        parts.add(new Part("overhead", Group.OVERHEAD, List.of("bench", "overhead", "--json"), "", SHORT));
        parts.add(printing(
                "storm",
                Group.STORM,
                "bench storm --svg " + plan.folder() + "/storm.svg"
                        + (plan.quick() ? " --clients 2000 --certificates 50 --warm-up 1 --seconds 2" : ""),
                SHORT));
        parts.add(printing(
                "scale",
                Group.SCALE,
                "bench scale " + (plan.quick() ? "--sas 5000 --sample 1000 --idle 1" : "--sas 100000"),
                SHORT));
        if (plan.large()) {
            parts.add(printing("scale-large", Group.SCALE, "bench scale --sas 1000000 --heap 8192", LONG));
        }
        parts.add(decryption("decryption-rsa-encr", "rsa-encr", plan));
        parts.add(decryption("decryption-rsa-encr-revised", "rsa-encr-revised", plan));
        parts.add(printing(
                "primitives", Group.PRIMITIVES, "bench primitives" + (plan.quick() ? " --seconds 0.001" : ""), SHORT));
        parts.add(jmh(plan));
        return parts;
    }

    private static Part handshakes(String name, String suite, String key, Plan plan) {
        return printing(
                name,
                Group.HANDSHAKES,
                "bench handshakes --suite " + suite + " --key " + key + " --core 0 "
                        + (plan.quick() ? "--seconds 2 --warm-up 1 --clients 50" : "--seconds 20"),
                SHORT);
    }

    private static Part decryption(String name, String method, Plan plan) {
        return printing(
                name,
                Group.DECRYPTION,
                "bench decryption --method " + method
                        + (plan.quick() ? " --count 50 --warm-up 20 --p 0.000001" : " --key card"),
                LONG);
    }

    private static Part compare(String name, Plan plan, String... more) {
        return printing(
                name,
                Group.COMPARE,
                "bench compare " + String.join(" ", more)
                        + (plan.quick() ? " --pairs 1 --seconds 1 --warm-up 1 --clients 50" : ""),
                SHORT);
    }

    private static Part jmh(Plan plan) {
        String file = "target/jmh.json";
        List<String> arguments = new ArrayList<>(List.of("bench", "-rf", "json", "-rff", file));
        if (plan.quick()) {
            arguments.addAll(List.of("-f", "1", "-wi", "1", "-i", "1", "-w", "100ms", "-r", "100ms"));
            arguments.addAll(List.of("-p", "authentication=PSK_X25519", "HandshakeBenchmark|ProposalBenchmark"));
        }
        return new Part("jmh", Group.JMH, arguments, file, LONG);
    }

    private static Part printing(String name, Group group, String line, Duration limit) {
        List<String> arguments = new ArrayList<>(List.of(line.split(" ")));
        arguments.add("--json");
        return new Part(name, group, arguments, "", limit);
    }

    /** As one types it, from the project's root. */
    String command() {
        StringBuilder line = new StringBuilder("./cardinal");
        for (String argument : arguments) {
            line.append(' ').append(argument.matches("[A-Za-z0-9_./=:,-]+") ? argument : "'" + argument + "'");
        }
        return line.toString();
    }
}
