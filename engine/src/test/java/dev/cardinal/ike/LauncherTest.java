package dev.cardinal.ike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher's own paths: exit codes, messages, what it installs, when it builds. The script runs unchanged on a small
 * tree of its own, with a PATH that holds nothing but stand-ins for what would change the machine and links to plain tools.
 */
final class LauncherTest {

    private static final String ALL_TEST_PACKAGES =
            "softhsm2 opensc strongswan-charon strongswan-swanctl strongswan-pki"
                    + " libstrongswan-standard-plugins libstrongswan-extra-plugins libcharon-extra-plugins libcharon-extauth-plugins iproute2 iputils-ping"
                    + " tcpdump tshark nftables libnss3-dev libnss3 openssl";
    private static final String BUILD_PACKAGES = "cmake make gcc libc6-dev libssl-dev libp11-kit-dev";
    private static final List<String> PLAIN_TOOLS = List.of(
            "bash",
            "sh",
            "readlink",
            "dirname",
            "sed",
            "tr",
            "grep",
            "find",
            "mktemp",
            "rm",
            "mkdir",
            "chmod",
            "touch",
            "mv",
            "sleep",
            "cat",
            "flock",
            "env",
            "uname",
            "cp");
    private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");

    @TempDir
    Path temporary = Path.of("");

    private Path tree = Path.of("");
    private Path bin = Path.of("");
    private Path jvms = Path.of("");
    private Path jdk = Path.of("");
    private Path temp = Path.of("");
    private final Map<String, String> environment = new HashMap<>();

    private record Outcome(int code, String out, String err) {
        List<String> errorLines() {
            return err.lines().toList();
        }
    }

    @BeforeEach
    void layOut() throws IOException {
        tree = Files.createDirectories(temporary.resolve("tree"));
        bin = Files.createDirectories(temporary.resolve("bin"));
        jvms = Files.createDirectories(temporary.resolve("jvm"));
        temp = Files.createDirectories(temporary.resolve("tmp"));
        Files.copy(checkout().resolve("cardinal"), tree.resolve("cardinal"));
        for (String module : List.of("hsm-adapter", "engine", "benchmarks")) {
            write(tree.resolve(module + "/src/main/java/Source.java"), "class Source {}\n");
            write(tree.resolve(module + "/src/test/java/SourceTest.java"), "class SourceTest {}\n");
            write(tree.resolve(module + "/pom.xml"), "<project/>\n");
        }
        write(tree.resolve("native/src/card.c"), "int card;\n");
        write(tree.resolve("pom.xml"), "<project/>\n");
        age(tree);
        built("engine");

        for (String tool : PLAIN_TOOLS) {
            Files.createSymbolicLink(bin.resolve(tool), which(tool));
        }
        write(temporary.resolve("installed"), (ALL_TEST_PACKAGES + " " + BUILD_PACKAGES).replace(' ', '\n') + "\n");
        script("dpkg-query", "grep -qx \"$4\" " + temporary.resolve("installed") + " && echo installed");
        script("apt-get", "echo \"$*\" >> " + temporary.resolve("apt.log"), "echo 'apt speaks'");
        script("id", "echo 0");
        script(
                "mvn",
                "echo \"$*\" >> " + temporary.resolve("mvn.log"),
                "echo \"$JAVA25_HOME\" > " + temporary.resolve("mvn.jdk"));
        jdk = jdk(jvms.resolve("jdk-25"), "25.0.3");

        environment.put("PATH", bin.toString());
        environment.put("TMPDIR", temp.toString());
        environment.put("CARDINAL_JVM_DIR", jvms.toString());
        environment.put("CARDINAL_OS_RELEASE", temporary.resolve("os-release").toString());
        environment.put("CARDINAL_POLICY_RC_D", temporary.resolve("policy-rc.d").toString());
        debian("12");
    }

    @AfterEach
    void unlinkTools() throws IOException {
        try (Stream<Path> list = Files.list(bin)) {
            for (Path file : list.filter(Files::isSymbolicLink).toList()) {
                Files.delete(file);
            }
        }
    }

    // ---- usage ------------------------------------------------------------------------------------------------------

    @Test
    void unknownSubcommandIsOneLineAndExitCode2() throws Exception {
        Outcome outcome = run("frobnicate");
        assertEquals(2, outcome.code());
        assertEquals(1, outcome.errorLines().size(), outcome.err());
        assertTrue(outcome.err().contains("unknown subcommand 'frobnicate'"), outcome.err());
        assertEquals("", outcome.out());
    }

    @Test
    void missingSubcommandIsOneLineAndExitCode2() throws Exception {
        Outcome outcome = run();
        assertEquals(2, outcome.code());
        assertEquals(1, outcome.errorLines().size(), outcome.err());
    }

    @Test
    void helpNamesEverySubcommandAndNeedsNothing() throws Exception {
        Files.delete(jdk.resolve("release"));
        for (String word : List.of("--help", "-h", "help")) {
            Outcome outcome = run(word);
            assertEquals(0, outcome.code());
            assertEquals("", outcome.err());
            for (String name : List.of("demo", "test", "gateway", "check", "initiate", "token", "pki", "bench")) {
                assertTrue(outcome.out().contains("\n  " + name + " "), name);
            }
        }
        assertEquals(0, run("test", "--help").code());
    }

    @Test
    void helpOfADemoInstallsNothing() throws Exception {
        installed("");
        Outcome outcome = run("demo", "--help");
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.out().contains(" dev.cardinal.ike.cli.CardinalCli demo --help"), outcome.out());
        assertFalse(Files.exists(temporary.resolve("apt.log")));
    }

    // ---- packages ---------------------------------------------------------------------------------------------------

    @Test
    void missingPackageWithoutRootPrintsTheAptLineAndExits3() throws Exception {
        installed("");
        script("id", "echo 1000");
        Outcome outcome = run("demo", "--token", "softhsm");
        assertEquals(3, outcome.code());
        assertEquals(
                "cardinal: missing and not root; run as root: apt-get install -y --no-install-recommends softhsm2\n",
                outcome.err());
        assertFalse(Files.exists(temporary.resolve("apt.log")));
        assertEquals("", outcome.out());
    }

    @Test
    void everythingMissingIsNamedAtOnce() throws Exception {
        installed("");
        script("id", "echo 1000");
        debian("13");
        Files.delete(jdk.resolve("release"));
        Files.delete(bin.resolve("mvn"));
        Outcome outcome = run("test");
        assertEquals(3, outcome.code());
        assertTrue(
                outcome.err()
                        .endsWith(" apt-get install -y --no-install-recommends " + ALL_TEST_PACKAGES
                                + " openjdk-25-jdk-headless " + BUILD_PACKAGES + " maven\n"),
                outcome.err());
        assertEquals(1, outcome.errorLines().size());
    }

    @Test
    void noInstallRefusesAndExits3() throws Exception {
        installed("");
        Outcome outcome = run("demo", "--token=softhsm", "--no-install");
        assertEquals(3, outcome.code());
        assertEquals(
                "cardinal: missing and --no-install given; to install: apt-get install -y --no-install-recommends softhsm2\n",
                outcome.err());
        assertFalse(Files.exists(temporary.resolve("apt.log")));
    }

    @Test
    void rootInstallsOnlyWhatIsMissingAndSaysSoFirst() throws Exception {
        installed(ALL_TEST_PACKAGES.replace("opensc ", "").replace("tshark ", "") + " "
                + BUILD_PACKAGES.replace("libssl-dev ", ""));
        Outcome outcome = run("test");
        assertEquals(0, outcome.code(), outcome.err());
        String line = "install -y --no-install-recommends opensc tshark libssl-dev";
        assertEquals(line + "\n", Files.readString(temporary.resolve("apt.log")));
        int said = outcome.err().indexOf("installing: apt-get " + line);
        assertTrue(said >= 0 && said < outcome.err().indexOf("apt speaks"), outcome.err());
        assertEquals("", outcome.out());
    }

    @Test
    void noDaemonMayStartWhileAptRuns() throws Exception {
        installed("");
        Path policy = temporary.resolve("policy-rc.d");
        script("apt-get", policy + " charon start; echo \"policy $?\" >> " + temporary.resolve("apt.log"));
        assertEquals(0, run("demo", "--token", "softhsm").code());
        assertEquals("policy 101\n", Files.readString(temporary.resolve("apt.log")));
        assertFalse(Files.exists(policy), "the policy outlived the installation");
    }

    @Test
    void anExistingServicePolicyIsKept() throws Exception {
        installed("");
        write(temporary.resolve("policy-rc.d"), "the machine's own\n");
        assertEquals(0, run("demo", "--token", "softhsm").code());
        assertEquals("the machine's own\n", Files.readString(temporary.resolve("policy-rc.d")));
    }

    @Test
    void staleAptListsAreUpdatedOnce() throws Exception {
        installed("");
        Path log = temporary.resolve("apt.log");
        script("apt-get", "echo \"$1\" >> " + log, "[ \"$1\" = update ] || grep -q update " + log);
        assertEquals(0, run("demo", "--token", "softhsm").code());
        assertEquals("install\nupdate\ninstall\n", Files.readString(log));
    }

    @Test
    void aptThatFailsEndsWith1() throws Exception {
        installed("");
        script("apt-get", "exit 100");
        Outcome outcome = run("demo", "--token", "softhsm");
        assertEquals(1, outcome.code());
        assertEquals(
                "cardinal: apt-get could not install: softhsm2",
                outcome.errorLines().getLast());
        assertEquals("", outcome.out());
    }

    // ---- JDK --------------------------------------------------------------------------------------------------------

    @Test
    void noJdkOnDebian12IsOneLineAndExitCode3() throws Exception {
        Files.delete(jdk.resolve("release"));
        jdk(jvms.resolve("jdk-17"), "17.0.15");
        Outcome outcome = run("gateway");
        assertEquals(3, outcome.code());
        assertEquals(1, outcome.errorLines().size(), outcome.err());
        assertTrue(outcome.err().startsWith("cardinal: no JDK 25 in JAVA_HOME, PATH or "), outcome.err());
        assertTrue(outcome.err().contains("JAVA_HOME"), outcome.err());
    }

    @Test
    void noJdkOnDebian13WithoutRootPrintsTheAptLine() throws Exception {
        Files.delete(jdk.resolve("release"));
        debian("13");
        script("id", "echo 1000");
        Outcome outcome = run("gateway");
        assertEquals(3, outcome.code());
        assertEquals(
                "cardinal: missing and not root; run as root: apt-get install -y --no-install-recommends openjdk-25-jdk-headless\n",
                outcome.err());
    }

    @Test
    void noJdkOnDebian13AsRootInstallsItAndGoesOn() throws Exception {
        Files.delete(jdk.resolve("release"));
        debian("13");
        Path ready = jdk(temporary.resolve("from-apt"), "25");
        script("apt-get", "cp -r " + ready + " " + jvms.resolve("java-25-openjdk-amd64"));
        Outcome outcome = run("check", "--config", "x");
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.out().startsWith(jvms.resolve("java-25-openjdk-amd64/bin/java") + " "), outcome.out());
    }

    @Test
    void aJdkIsFoundInJavaHomeThenPathThenTheJvmFolder() throws Exception {
        Path old = jdk(temporary.resolve("old"), "17.0.15");
        Path home = jdk(temporary.resolve("home"), "25.0.1");
        Path onPath = jdk(temporary.resolve("on-path"), "25-ea");
        environment.put("JAVA_HOME", old.toString());
        assertTrue(run("check").out().startsWith(jdk.resolve("bin/java") + " "));
        Files.createSymbolicLink(bin.resolve("java"), onPath.resolve("bin/java"));
        assertTrue(run("check").out().startsWith(onPath.resolve("bin/java") + " "));
        environment.put("JAVA_HOME", home.toString());
        assertTrue(run("check").out().startsWith(home.resolve("bin/java") + " "));
        Files.delete(home.resolve("bin/javac"));
        assertTrue(run("check").out().startsWith(onPath.resolve("bin/java") + " "), "a runtime alone is no JDK");
    }

    // ---- build ------------------------------------------------------------------------------------------------------

    @Test
    void jarsThatAreUpToDateAreNotBuilt() throws Exception {
        Outcome outcome = run("check", "--config", "/etc/x y");
        assertEquals(0, outcome.code());
        assertEquals("", outcome.err());
        assertEquals(
                jdk.resolve("bin/java")
                        + " --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
                        + " -XX:+UseCompactObjectHeaders -XX:MaxTenuringThreshold=2 -Dcardinal.lib="
                        + tree.resolve("engine/target/lib") + " -cp "
                        + tree.resolve("engine/target/engine-1.jar") + ":" + tree.resolve("engine/target/lib/*")
                        + " dev.cardinal.ike.cli.CardinalCli check --config /etc/x y\n",
                outcome.out());
        assertFalse(Files.exists(temporary.resolve("mvn.log")));
    }

    @Test
    void aTestThatIsNewerThanTheJarsNeedsNoBuild() throws Exception {
        write(tree.resolve("engine/src/test/java/SourceTest.java"), "class SourceTest { }\n");
        assertEquals(0, run("check").code());
        assertFalse(Files.exists(temporary.resolve("mvn.log")));
    }

    @Test
    void aSourceThatIsNewerThanTheJarsIsBuiltOnceAndNotAgain() throws Exception {
        Path source = tree.resolve("hsm-adapter/src/main/java/Source.java");
        newer(source);
        Outcome outcome = run("check");
        assertEquals(0, outcome.code(), outcome.err());
        assertEquals(
                "cardinal: building (hsm-adapter/src/main/java/Source.java is newer than the build)\n", outcome.err());
        String builds = Files.readString(temporary.resolve("mvn.log"));
        assertEquals(1, builds.lines().count());
        assertTrue(builds.contains(" -pl engine -am package"), builds);
        assertEquals(jdk + "\n", Files.readString(temporary.resolve("mvn.jdk")));
        // Maven leaves an archive alone that has not changed
        assertEquals(0, run("check").code());
        assertEquals(builds, Files.readString(temporary.resolve("mvn.log")));
    }

    @Test
    void theCardsSourceCountsAndSoDoesAnAbsentCard() throws Exception {
        newer(tree.resolve("native/src/card.c"));
        Outcome outcome = run("check");
        assertEquals("cardinal: building (native/src/card.c is newer than the build)\n", outcome.err());
        Path card = tree.resolve("engine/target/lib/libcardinal-card.so");
        Files.delete(card);
        script("mvn", "echo card > " + card);
        outcome = run("check");
        assertEquals(0, outcome.code(), outcome.err());
        assertEquals("cardinal: building (the crypto card is not beside the jars)\n", outcome.err());
    }

    @Test
    void thePrimitivesAreAProgramOfTheirOwn() throws Exception {
        executable(tree.resolve("native/target/bin/primitives"), "echo \"primitives $*\"");
        assertEquals("primitives --json\n", run("bench", "primitives", "--json").out());
        assertEquals("primitives --tune\n", run("tune").out());
        assertEquals(
                "primitives --tune --seconds 0.001\n",
                run("tune", "--break-even", "--seconds", "0.001").out());
        Outcome outcome = run("bench", "timing-leak");
        assertEquals(3, outcome.code());
        assertTrue(
                outcome.err().endsWith(" has no kernels of the crypto card: there is nothing to measure\n"),
                outcome.err());
    }

    @Test
    void aSourceThatWasRemovedIsNoticed() throws Exception {
        Files.delete(tree.resolve("engine/src/main/java/Source.java"));
        newer(tree.resolve("engine/src/main/java"));
        assertEquals(0, run("check").code());
        assertTrue(Files.exists(temporary.resolve("mvn.log")));
    }

    @Test
    void absentJarsAreBuilt() throws Exception {
        Files.delete(tree.resolve("engine/target/engine-1.jar"));
        Path jar = tree.resolve("engine/target/engine-1.jar");
        script("mvn", "echo 'a warning'", "echo jar > " + jar);
        Outcome outcome = run("check");
        assertEquals(0, outcome.code(), outcome.err());
        assertEquals("cardinal: building (engine has no jar)\na warning\n", outcome.err());
        assertEquals(1, outcome.out().lines().count(), "stdout belongs to the subcommand");
    }

    @Test
    void aBuildThatFailsStartsNothing() throws Exception {
        newer(tree.resolve("pom.xml"));
        script("mvn", "exit 1");
        for (int attempt = 0; attempt < 2; attempt++) {
            Outcome outcome = run("check");
            assertEquals(1, outcome.code());
            assertEquals("cardinal: the build failed", outcome.errorLines().getLast());
            assertEquals("", outcome.out());
        }
    }

    @Test
    void aBuildThatMakesNoJarIsAnError() throws Exception {
        Files.delete(tree.resolve("engine/target/engine-1.jar"));
        Outcome outcome = run("check");
        assertEquals(1, outcome.code());
        assertEquals(
                "cardinal: the build ended well, yet engine has no jar",
                outcome.errorLines().getLast());
    }

    @Test
    void theBenchmarksAreBuiltForBenchOnly() throws Exception {
        newer(tree.resolve("benchmarks/src/main/java/Source.java"));
        assertEquals(0, run("check").code());
        assertFalse(Files.exists(temporary.resolve("mvn.log")));
        script(
                "mvn",
                "mkdir -p " + tree + "/benchmarks/target/lib",
                "echo > " + tree + "/benchmarks/target/benchmarks-1.jar",
                "echo > " + tree + "/benchmarks/target/lib/a.jar");
        Outcome outcome = run("bench", "-l");
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.out().endsWith(" org.openjdk.jmh.Main -l\n"), outcome.out());
        outcome = run("tune", "--config", "x");
        assertTrue(
                outcome.out()
                        .endsWith(" -Dcardinal.primitives=" + tree.toRealPath() + "/native/target/bin/primitives"
                                + " dev.cardinal.bench.tune.TuneCommand --config x\n"),
                outcome.out());
        outcome = run("--no-install", "bench", "results", "--only", "storm");
        assertTrue(
                outcome.out()
                        .endsWith(" -Dcardinal.root=" + tree.toRealPath()
                                + " dev.cardinal.bench.BenchCli results --only storm --no-install\n"),
                outcome.out());
    }

    // ---- starting ---------------------------------------------------------------------------------------------------

    @Test
    void worksFromElsewhereAndThroughASymbolicLink() throws Exception {
        Path link = Files.createSymbolicLink(temporary.resolve("linked"), tree.resolve("cardinal"));
        Outcome outcome = runIn(temp, link, "token", "list");
        assertEquals(0, outcome.code(), outcome.err());
        assertTrue(outcome.out().endsWith(" dev.cardinal.ike.cli.CardinalCli token list\n"), outcome.out());
    }

    @Test
    void theGatewayTakesTheLaunchersPlaceSoThatSignalsReachIt() throws Exception {
        java("echo pid $$");
        Process process = start(tree, tree.resolve("cardinal"), "gateway", "--config", "x");
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor());
        assertEquals("pid " + process.pid() + "\n", out);
    }

    @Test
    void theSubcommandsExitCodeIsTheLaunchers() throws Exception {
        java("exit 7");
        assertEquals(7, run("check").code());
        assertEquals(7, run("demo").code());
        assertEquals(0, foldersLeft());
    }

    @Test
    void theDemosTokenFolderIsThereBeforeTheJvmAndGoneAfterIt() throws Exception {
        java("cat \"$SOFTHSM2_CONF\"", "echo \"$CARDINAL_DEMO_DIR\"", "echo key > \"$CARDINAL_DEMO_DIR/tokens/key\"");
        Outcome outcome = run("demo", "--token", "softhsm", "--json");
        assertEquals(0, outcome.code(), outcome.err());
        List<String> lines = outcome.out().lines().toList();
        assertEquals("directories.tokendir = " + lines.getLast() + "/tokens", lines.getFirst());
        assertTrue(Path.of(lines.getLast()).startsWith(temp), lines.getLast());
        assertEquals(0, foldersLeft());
    }

    @Test
    void aDemoOnTheCardNeedsNoSoftHsm() throws Exception {
        installed("");
        java("echo \"$CARDINAL_DEMO_DIR ${SOFTHSM2_CONF:-none}\"", "echo key > \"$CARDINAL_DEMO_DIR/key\"");
        for (List<String> words : List.of(List.of("demo"), List.of("demo", "--token", "card"))) {
            Outcome outcome = run(words.toArray(String[]::new));
            assertEquals(0, outcome.code(), outcome.err());
            assertTrue(outcome.out().startsWith(temp.toString()), outcome.out());
            assertTrue(outcome.out().endsWith(" none\n"), outcome.out());
            assertEquals(0, foldersLeft());
        }
        assertFalse(Files.exists(temporary.resolve("apt.log")));
    }

    @Test
    void aSignalToTheDemoLeavesNoProcessAndNoFolder() throws Exception {
        Map<String, Integer> codes = Map.of("INT", 130, "TERM", 143, "HUP", 129);
        java("trap 'echo told; exit 0' TERM", "echo $$", "while :; do sleep 0.05; done");
        for (Map.Entry<String, Integer> signal : codes.entrySet()) {
            Process process = start(tree, tree.resolve("cardinal"), "demo");
            try (BufferedReader out = process.inputReader()) {
                long child = Long.parseLong(out.readLine());
                assertNotEquals(process.pid(), child);
                assertEquals(1, foldersLeft());
                signal(signal.getKey(), process.pid());
                assertEquals("told", out.readLine());
                assertEquals(signal.getValue(), process.waitFor(), signal.getKey());
                assertFalse(ProcessHandle.of(child).map(ProcessHandle::isAlive).orElse(false));
            }
            assertEquals(0, foldersLeft(), signal.getKey());
        }
    }

    @Test
    void testHandsItsArgumentsToMaven() throws Exception {
        Outcome outcome = run("test", "-Dtest=OneTest", "-o");
        assertEquals(0, outcome.code(), outcome.err());
        assertEquals("-B -ntp verify -Dtest=OneTest -o\n", Files.readString(temporary.resolve("mvn.log")));
    }

    // ---- .ci/run ----------------------------------------------------------------------------------------------------

    @Test
    void ciIsGreenOnlyIfTestsRanAndNoneWasSkipped() throws Exception {
        Path ci = tree.resolve(".ci/run");
        Files.createDirectories(ci.getParent());
        Files.copy(checkout().resolve(".ci/run"), ci);
        report("hsm-adapter", 4, 0);
        report("engine", 4, 0);
        assertEquals(1, runIn(temp, ci).code(), "reports of an earlier run");

        mavenReports(3, 0);
        Outcome green = runIn(temp, ci);
        assertEquals(0, green.code(), green.err());
        assertTrue(green.out().contains("ran 6 tests in 2 classes, skipped 0"), green.out());

        mavenReports(3, 1);
        assertEquals(1, runIn(temp, ci).code(), "skipped tests");
        mavenReports(0, 0);
        assertEquals(1, runIn(temp, ci).code(), "no tests");
        script("mvn", "exit 1");
        assertEquals(1, runIn(temp, ci).code(), "a failed build");
    }

    private void mavenReports(int tests, int skipped) throws IOException {
        Path saved = Files.createDirectories(temporary.resolve("saved"));
        for (String module : List.of("hsm-adapter", "engine")) {
            report(module, tests, skipped);
            Files.copy(
                    tree.resolve(module + "/target/surefire-reports/TEST-A.xml"),
                    saved.resolve(module + ".xml"),
                    StandardCopyOption.REPLACE_EXISTING);
        }
        script(
                "mvn",
                "for m in hsm-adapter engine; do mkdir -p $m/target/surefire-reports",
                "cp " + saved + "/$m.xml $m/target/surefire-reports/TEST-A.xml; done");
    }

    private void report(String module, int tests, int skipped) throws IOException {
        write(tree.resolve(module + "/target/surefire-reports/TEST-A.xml"), """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0.2" name="A" time="0.1"\
                 tests="%d" errors="0" skipped="%d" failures="0" flakes="0">
                  <properties>
                    <property name="a" value=" tests=&quot;99&quot;"/>
                  </properties>
                </testsuite>
                """.formatted(tests, skipped));
    }

    // ---- the little machine -----------------------------------------------------------------------------------------

    private static Path checkout() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.isRegularFile(folder.resolve("cardinal"))) {
            Path parent = folder.getParent();
            if (parent == null) {
                throw new IllegalStateException(
                        "no launcher above " + Path.of("").toAbsolutePath());
            }
            folder = parent;
        }
        return folder;
    }

    private static Path which(String tool) {
        return Stream.of("/usr/bin", "/bin", "/usr/sbin", "/sbin")
                .map(folder -> Path.of(folder, tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no " + tool + " here"));
    }

    private void debian(String version) throws IOException {
        write(
                temporary.resolve("os-release"),
                "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"" + version + "\"\n");
    }

    private void installed(String packages) throws IOException {
        write(temporary.resolve("installed"), packages.replace(' ', '\n') + "\n");
    }

    /** A JDK's skeleton whose java prints its own command line. */
    private static Path jdk(Path home, String version) throws IOException {
        write(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        executable(home.resolve("bin/java"), "echo \"$0 $*\"");
        executable(home.resolve("bin/javac"), "exit 1");
        return home;
    }

    private void java(String... lines) throws IOException {
        executable(jdk.resolve("bin/java"), lines);
    }

    private void script(String name, String... lines) throws IOException {
        executable(bin.resolve(name), lines);
    }

    private static void executable(Path file, String... lines) throws IOException {
        write(file, "#!/bin/bash\n" + String.join("\n", lines) + "\n");
        assertTrue(file.toFile().setExecutable(true));
    }

    private static void write(Path file, String text) throws IOException {
        Path folder = file.getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        Files.writeString(file, text);
    }

    private void built(String module) throws IOException {
        write(tree.resolve(module + "/target/" + module + "-1.jar"), "jar");
        write(tree.resolve(module + "/target/lib/netty.jar"), "jar");
        write(tree.resolve("engine/target/lib/libcardinal-card.so"), "card");
    }

    private static void age(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> walk = Files.walk(folder)) {
            walk.forEach(files::add);
        }
        for (Path file : files) {
            Files.setLastModifiedTime(file, FileTime.from(LONG_AGO));
        }
    }

    /** Makes a source newer than the jar, yet older than a build that begins now. */
    private void newer(Path source) throws IOException {
        Path jar = tree.resolve("engine/target/engine-1.jar");
        Files.setLastModifiedTime(jar, FileTime.from(LONG_AGO.plusSeconds(60)));
        Files.setLastModifiedTime(source, FileTime.from(LONG_AGO.plusSeconds(120)));
    }

    private long foldersLeft() throws IOException {
        try (Stream<Path> list = Files.list(temp)) {
            return list.count();
        }
    }

    private Outcome run(String... arguments) throws Exception {
        return runIn(tree, tree.resolve("cardinal"), arguments);
    }

    private Outcome runIn(Path folder, Path script, String... arguments) throws Exception {
        Process process = start(folder, script, arguments);
        process.getOutputStream().close();
        StringBuilder err = new StringBuilder();
        Thread reader = Thread.startVirtualThread(() -> {
            try {
                err.append(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                err.append(e);
            }
        });
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        reader.join();
        return new Outcome(process.exitValue(), out, err.toString());
    }

    /** Signals that this JVM was started to ignore would be ignored by the script too. */
    private Process start(Path folder, Path script, String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of("/usr/bin/env", "--default-signal=INT,TERM,HUP", script.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static void signal(String name, long pid) throws Exception {
        assertEquals(
                0,
                new ProcessBuilder("/bin/sh", "-c", "kill -" + name + " " + pid)
                        .start()
                        .waitFor());
    }
}
