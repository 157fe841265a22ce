package dev.cardinal.hsm.pkcs11;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every layout and constant of the binding against what a C compiler makes of real headers: p11-kit's for 2.40, NSS' for
 * 3.0, our own for the batch. Needs {@code gcc}, {@code libp11-kit-dev} and {@code libnss3-dev}; fails without them.
 */
final class LayoutTest {

    private static final Set<String> ONLY_IN_3 = Set.of("CK_INTERFACE", "CK_FUNCTION_LIST_3_0");

    private static final List<Class<?>> CONSTANTS = List.of(
            Cka.class, Ckd.class, Ckf.class, Ckg.class, Ckk.class, Ckm.class, Cko.class, Ckr.class, Cks.class,
            Cku.class);

    @TempDir
    private Path folder = Path.of("");

    @Test
    void layoutsOfVersion240AreThoseOfP11Kit() throws Exception {
        List<StructLayout> layouts = JnaCryptoki.layouts().all().stream()
                .filter(layout -> !ONLY_IN_3.contains(layout.name()))
                .toList();
        assertEquals(11, layouts.size());
        compare(layouts, "#include <p11-kit/pkcs11.h>", Map.of(), "-I/usr/include/p11-kit-1");
    }

    @Test
    void layoutsOfVersion3AreThoseOfNss() throws Exception {
        compare(
                JnaCryptoki.layouts().all(),
                "#include <pkcs11.h>",
                // NSS' name for what its modules read instead of pReserved
                Map.of("CK_C_INITIALIZE_ARGS.pReserved", "LibraryParameters", "CK_C_INITIALIZE_ARGS", "+pointer"),
                "-I/usr/include/nss",
                "-I/usr/include/nspr");
    }

    @Test
    void layoutsOfTheBatchAreThoseOfItsHeader() throws Exception {
        compare(
                JnaCryptoki.layouts().batch(),
                "#include <p11-kit/pkcs11.h>\n#include <cardinal/batch.h>",
                Map.of(),
                "-I/usr/include/p11-kit-1",
                "-I../native/include");
    }

    @Test
    void constantsOfTheBatchAreThoseOfItsHeader() throws Exception {
        Map<String, Long> ours = new HashMap<>(constants(Ckb.class));
        ours.put("CK_CARDINAL_BATCH_LIMIT", (long) Cryptoki.BATCH_LIMIT);
        StringBuilder source = new StringBuilder("#include <stdio.h>\n#include <p11-kit/pkcs11.h>\n");
        source.append("#include <cardinal/batch.h>\nint main(void) {\n");
        ours.keySet().forEach(name -> source.append("  printf(\"%s %%lu\\n\", %s);\n".formatted(name, name)));
        source.append("  return 0;\n}\n");
        Map<String, Long> theirs = new HashMap<>();
        for (String line : run(source.toString(), List.of("-I/usr/include/p11-kit-1", "-I../native/include"))) {
            String[] words = line.split(" ", 2);
            theirs.put(words[0], Long.valueOf(words[1]));
        }
        assertEquals(theirs, ours);
    }

    @Test
    void constantsAreThoseOfTheHeaders() throws Exception {
        Map<String, Long> ours = new HashMap<>();
        for (Class<?> type : CONSTANTS) {
            ours.putAll(constants(type));
        }
        // what neither header knows
        Set<String> unknown = Set.of(
                "CKM_IKE2_PRF_PLUS_DERIVE", "CKM_IKE_PRF_DERIVE", "CKM_IKE1_PRF_DERIVE", "CKM_IKE1_EXTENDED_DERIVE");
        // p11-kit 0.24 numbers these otherwise than the standard; NSS, read after it, is right
        Set<String> mistaken = Set.of(
                "CKR_EXCEEDED_MAX_ITERATIONS",
                "CKR_FIPS_SELF_TEST_FAILED",
                "CKR_LIBRARY_LOAD_FAILED",
                "CKR_PIN_TOO_WEAK",
                "CKR_PUBLIC_KEY_INVALID");
        StringBuilder source = new StringBuilder("\nint main(void) {\n");
        for (String name : ours.keySet()) {
            source.append("#ifdef ").append(name).append("\n  printf(\"").append(name);
            source.append(" %lu\\n\", (unsigned long) ").append(name).append(");\n#endif\n");
        }
        source.append("  return 0;\n}\n");
        Map<String, Long> theirs = new HashMap<>();
        for (List<String> header : List.of(
                List.of("#include <p11-kit/pkcs11.h>", "-I/usr/include/p11-kit-1"),
                List.of("#include <pkcs11.h>", "-I/usr/include/nss", "-I/usr/include/nspr"))) {
            String text = "#include <stdio.h>\n" + header.getFirst() + source;
            for (String line : run(text, header.subList(1, header.size()))) {
                String[] words = line.split(" ", 2);
                Long value = Long.parseUnsignedLong(words[1]);
                Long before = theirs.put(words[0], value);
                assertTrue(
                        before == null || before.equals(value) || mistaken.contains(words[0]),
                        () -> "the headers differ in " + words[0] + ": " + before + ", " + value);
            }
        }
        theirs.forEach((name, value) -> assertEquals(value, ours.get(name), name));
        Set<String> unchecked = ours.keySet().stream()
                .filter(name -> !theirs.containsKey(name) && !unknown.contains(name))
                .collect(Collectors.toSet());
        assertEquals(Set.of(), unchecked, "constants that no header confirms");
    }

    private static Map<String, Long> constants(Class<?> type) throws IllegalAccessException {
        String prefix = type.getSimpleName().toUpperCase(Locale.ROOT) + "_";
        Map<String, Long> constants = new HashMap<>();
        for (Field field : type.getDeclaredFields()) {
            if (field.getType() == long.class && Modifier.isPublic(field.getModifiers())) {
                constants.put(prefix + field.getName(), field.getLong(null));
            }
        }
        return constants;
    }

    private void compare(List<StructLayout> layouts, String include, Map<String, String> differences, String... options)
            throws Exception {
        StringBuilder source = new StringBuilder("#include <stddef.h>\n#include <stdio.h>\n");
        source.append(include).append("\nint main(void) {\n");
        Map<String, Integer> ours = new HashMap<>();
        for (StructLayout layout : layouts) {
            String type = layout.name();
            source.append("  printf(\"%s %%zu\\n\", sizeof(%s));\n".formatted(type, type));
            int extra = differences.containsKey(type) ? JnaCryptoki.layouts().pointer() : 0;
            ours.put(type, layout.size() + extra);
            for (String field : layout.fields()) {
                String key = type + "." + field;
                String theirs = differences.getOrDefault(key, field);
                source.append("  printf(\"%s %%zu\\n\", offsetof(%s, %s));\n".formatted(key, type, theirs));
                ours.put(key, layout.offset(field));
            }
        }
        source.append("  return 0;\n}\n");
        Map<String, Integer> theirs = new HashMap<>();
        for (String line : run(source.toString(), List.of(options))) {
            String[] words = line.split(" ", 2);
            theirs.put(words[0], Integer.valueOf(words[1]));
        }
        assertEquals(ours, theirs);
    }

    private List<String> run(String source, List<String> options) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("probe.c"), source);
        Path program = folder.resolve("probe");
        List<String> compile = new ArrayList<>(List.of("gcc", "-o", program.toString(), file.toString()));
        compile.addAll(options);
        lines(compile);
        return lines(List.of(program.toString()));
    }

    private List<String> lines(List<String> command) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), () -> "hangs: " + command);
        List<String> lines = Files.readAllLines(output);
        assertEquals(0, process.exitValue(), () -> command + ":\n" + String.join("\n", lines));
        return lines;
    }
}
