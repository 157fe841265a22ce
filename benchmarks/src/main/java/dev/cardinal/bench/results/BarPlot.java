package dev.cardinal.bench.results;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Horizontal bars as SVG, in groups of as many as there are series. */
final class BarPlot {
    private static final int WIDTH = 800;
    private static final int LEFT = 260;
    private static final int RIGHT = 90;
    private static final int TOP = 62;
    private static final int BAR = 16;
    private static final int GAP = 10;
    private static final List<String> COLOURS = List.of("#3a6ea5", "#c08040", "#609060");

    private final String title;
    private final List<String> series;
    private final List<Group> groups = new ArrayList<>();

    private record Group(String label, List<Double> values) {}

    /** @param series names, at most as many as there are colours */
    BarPlot(String title, List<String> series) {
        if (series.isEmpty() || series.size() > COLOURS.size()) {
            throw new IllegalArgumentException(series.size() + " series");
        }
        this.title = title;
        this.series = List.copyOf(series);
    }

    /** A group; left out where one of its values is no number. */
    void add(String label, double... values) {
        if (values.length != series.size()) {
            throw new IllegalArgumentException(values.length + " values of " + series.size() + " series");
        }
        List<Double> list = new ArrayList<>();
        for (double value : values) {
            if (!Double.isFinite(value) || value < 0) {
                return;
            }
            list.add(value);
        }
        groups.add(new Group(label, list));
    }

    boolean isEmpty() {
        return groups.isEmpty();
    }

    String draw() {
        double most = groups.stream()
                .flatMap(g -> g.values().stream())
                .mapToDouble(Double::doubleValue)
                .max()
                .orElse(1);
        double scale = (WIDTH - LEFT - RIGHT) / Math.max(most, Double.MIN_NORMAL);
        int step = BAR * series.size() + GAP;
        int height = TOP + step * groups.size() + GAP;
        StringBuilder svg = new StringBuilder();
        add(
                svg,
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' font-family='sans-serif' font-size='12'>",
                WIDTH,
                height);
        add(svg, "<rect width='%d' height='%d' fill='white'/>", WIDTH, height);
        add(svg, "<text x='10' y='20' font-size='14'>%s</text>", escaped(title));
        for (int i = 0; i < series.size(); i++) {
            int x = LEFT + i * 120;
            add(svg, "<rect x='%d' y='32' width='12' height='12' fill='%s'/>", x, COLOURS.get(i));
            add(svg, "<text x='%d' y='42'>%s</text>", x + 18, escaped(series.get(i)));
        }
        int y = TOP;
        for (Group group : groups) {
            add(
                    svg,
                    "<text x='%d' y='%.1f' text-anchor='end'>%s</text>",
                    LEFT - 8,
                    y + BAR * series.size() / 2.0 + 4,
                    escaped(group.label()));
            for (int i = 0; i < series.size(); i++) {
                double value = group.values().get(i);
                int top = y + i * BAR;
                add(
                        svg,
                        "<rect x='%d' y='%d' width='%.1f' height='%d' fill='%s'/>",
                        LEFT,
                        top,
                        value * scale,
                        BAR - 2,
                        COLOURS.get(i));
                add(svg, "<text x='%.1f' y='%d'>%s</text>", LEFT + value * scale + 5, top + 11, Figures.figure(value));
            }
            y += step;
        }
        add(svg, "</svg>");
        return svg.toString();
    }

    private static void add(StringBuilder svg, String format, Object... arguments) {
        svg.append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;");
    }
}
