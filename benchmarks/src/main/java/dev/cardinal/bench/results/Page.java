package dev.cardinal.bench.results;

import dev.cardinal.bench.load.Machine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** {@code RESULTS.md} out of the parts' last results. No figure of it is typed by hand. */
final class Page {
    private static final String PLOTS = "results/";

    private final List<Result> results;
    private final Set<String> drawn;
    private final Map<String, String> plots = new TreeMap<>();

    /**
     * @param results in the page's order, by the names of their parts
     * @param drawn names of plots that benchmarks drew themselves, without their end
     */
    Page(List<Result> results, Set<String> drawn) {
        this.results = List.copyOf(results);
        this.drawn = Set.copyOf(drawn);
    }

    /** The plots that {@link #render} refers to and that are to be written, by the file's name. */
    Map<String, String> plots() {
        return plots;
    }

    /** @param groups that each result's part is in, by the part's name */
    String render(Map<String, Part.Group> groups) {
        StringBuilder text = new StringBuilder();
        text.append("# Results\n\n");
        text.append(
                "Written by `./cardinal bench results`; every figure comes out of the command above its table. What was\n");
        text.append("measured on different days is not to be compared, nor one machine's figures with another's.\n\n");
        if (results.stream().anyMatch(Result::quick)) {
            text.append("**Trial runs are among these: their figures mean nothing.**\n\n");
        }
        text.append(machines());
        for (Part.Group group : Part.Group.values()) {
            List<Result> ours =
                    results.stream().filter(r -> groups.get(r.part()) == group).toList();
            if (!ours.isEmpty()) {
                section(group, ours, text);
            }
        }
        return text.toString();
    }

    /** Without the commit, which stands beside each command. */
    private static Machine machine(Result result) {
        Machine machine = result.machine();
        return new Machine(machine.processor(), machine.processors(), machine.kernel(), machine.jdk(), "");
    }

    private Table machines() {
        Map<Machine, List<String>> parts = new LinkedHashMap<>();
        results.forEach(
                r -> parts.computeIfAbsent(machine(r), m -> new ArrayList<>()).add(r.part()));
        Table table = new Table("processor", "processors", "Linux", "JDK", "measured there");
        parts.forEach((machine, names) -> table.add(
                machine.processor(),
                Integer.toString(machine.processors()),
                machine.kernel(),
                machine.jdk(),
                parts.size() == 1 ? "everything" : String.join(", ", names)));
        return table;
    }

    private void section(Part.Group group, List<Result> ours, StringBuilder text) {
        text.append("\n## ").append(Section.title(group)).append("\n\n");
        text.append(filled(Section.words(group))).append('\n');
        for (Result result : ours) {
            text.append("    ").append(result.command()).append("    # ").append(result.date());
            text.append(", ")
                    .append(result.machine().commit())
                    .append(result.quick() ? ", a trial" : "")
                    .append('\n');
        }
        for (Result result : ours) {
            if (!result.error().isEmpty()) {
                text.append("\n**").append(result.part()).append("** ");
                text.append(result.rows().isEmpty() ? "failed" : "did not complete, its figures are of what did");
                text.append(", exit code ").append(result.exitCode()).append(": ");
                text.append(Table.escaped(result.error())).append('\n');
            }
        }
        for (Table table : Section.tables(group, ours)) {
            text.append('\n').append(table);
        }
        Set<String> shown = new LinkedHashSet<>();
        ours.stream().map(Result::part).filter(drawn::contains).forEach(shown::add);
        Section.plots(group, ours).forEach((name, plot) -> {
            plots.put(name + ".svg", plot.draw());
            shown.add(name);
        });
        for (String name : shown) {
            text.append("\n![")
                    .append(Section.title(group))
                    .append("](")
                    .append(PLOTS)
                    .append(name)
                    .append(".svg)\n");
        }
    }

    /** In lines as the project's other texts have them. */
    private static String filled(String words) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : words.split(" ")) {
            if (line.length() + word.length() > 118) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines.stream().collect(Collectors.joining("\n", "", "\n"));
    }
}
