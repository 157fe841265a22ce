package dev.cardinal.bench.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Debian's charon and swanctl for one gateway's folder. They are copies: AppArmor profiles attach by path and would forbid
 * the folder.
 *
 * @param environment of both programs
 */
record StrongswanPrograms(Path folder, Map<String, String> environment) {
    private static final Path CHARON = Path.of("/usr/lib/ipsec/charon");
    private static final Path SWANCTL = Path.of("/usr/sbin/swanctl");
    private static final Path PLUGINS = Path.of("/usr/lib/ipsec/plugins");
    private static final int IKE_PORT = 500;
    private static final int NAT_PORT = 4500;
    private static final long PATIENCE_SECONDS = 30;

    // the processor is set last, so that charon alone is pinned; each program becomes the next, so the process stays
    // one
    private static final String START = "mount --make-rprivate / && mount -t tmpfs tmpfs /run && exec \"$@\"";

    /**
     * The programs, copied.
     *
     * @param plugins that charon is to load
     * @throws IOException naming Debian's packages of what is missing
     */
    static StrongswanPrograms of(Path folder, List<String> plugins, Map<String, String> environment)
            throws IOException {
        Set<String> packages = new LinkedHashSet<>();
        if (!Files.isExecutable(CHARON)) {
            packages.add("strongswan-charon");
        }
        if (!Files.isExecutable(SWANCTL)) {
            packages.add("strongswan-swanctl");
        }
        for (String plugin : plugins) {
            if (!Files.exists(PLUGINS.resolve("libstrongswan-" + plugin + ".so"))) {
                packages.add(packageOf(plugin));
            }
        }
        if (!packages.isEmpty()) {
            throw new IOException("strongSwan is not installed; to install: apt-get install -y --no-install-recommends "
                    + String.join(" ", packages));
        }
        for (Path program : List.of(CHARON, SWANCTL)) {
            Files.copy(program, folder.resolve(program.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
        }
        return new StrongswanPrograms(folder, environment);
    }

    private static String packageOf(String plugin) {
        return switch (plugin) {
            case "aesni", "openssl" -> "libstrongswan-standard-plugins";
            case "curve25519", "pkcs11", "rdrand" -> "libstrongswan-extra-plugins";
            case "kernel-libipsec" -> "libcharon-extra-plugins";
            case "vici" -> "strongswan-swanctl";
            case "socket-default" -> "strongswan-libcharon";
            default -> "libstrongswan";
        };
    }

    /** @throws IOException where charon could not listen: its ports are 500 and 4500 of every address */
    static void requireFreePorts() throws IOException {
        for (int port : List.of(IKE_PORT, NAT_PORT)) {
            try (DatagramSocket probe = new DatagramSocket(null)) {
                probe.setReuseAddress(false);
                probe.bind(new InetSocketAddress(port));
            } catch (SocketException e) {
                throw new IOException(
                        "charon needs UDP port " + port + " of this network namespace (" + e.getMessage()
                                + "): ./cardinal bench compare makes a namespace of its own",
                        e);
            }
        }
    }

    /**
     * Starts charon in a mount namespace of its own: where it notes its process is compiled in, and lies in {@code /run}.
     *
     * @param core to pin it to, negative for none
     */
    Process startCharon(int core) throws IOException {
        List<String> command = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", START, "sh"));
        if (core >= 0) {
            command.addAll(List.of("taskset", "-c", Integer.toString(core)));
        }
        command.add(folder.resolve("charon").toString());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectOutput(output().toFile());
        prepare(builder);
        Process charon = builder.start();
        // an interrupted benchmark leaves nothing behind
        Runtime.getRuntime().addShutdownHook(new Thread(charon::destroyForcibly));
        return charon;
    }

    /** What charon wrote before and beside its log. */
    Path output() {
        return folder.resolve("charon.out");
    }

    Path controlSocket() {
        return folder.resolve("vici");
    }

    /**
     * One action of swanctl's.
     *
     * @return what it wrote
     * @throws IOException with what it wrote, where it did not do it
     */
    String swanctl(String... words) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(folder.resolve("swanctl").toString());
        command.addAll(List.of(words));
        command.addAll(List.of("--uri", "unix://" + controlSocket()));
        return run(command);
    }

    /** kernel-libipsec wants an address of its own in the network that it protects. */
    void addNetwork() throws IOException {
        run(List.of("ip", "address", "replace", StrongswanConfiguration.OWN_ADDRESS, "dev", "lo"));
    }

    private String run(List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        prepare(builder);
        Process process = builder.start();
        try (InputStream output = process.getInputStream()) {
            process.getOutputStream().close();
            String text = new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + text);
            }
            return text;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }

    private void prepare(ProcessBuilder builder) {
        builder.environment().putAll(environment);
        builder.environment()
                .put("STRONGSWAN_CONF", folder.resolve("strongswan.conf").toString());
        builder.environment().put("SWANCTL_DIR", folder.toString());
    }
}
