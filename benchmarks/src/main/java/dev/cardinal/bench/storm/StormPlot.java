package dev.cardinal.bench.storm;

import java.util.List;
import java.util.Locale;

/** A storm's course as SVG: goodput of each second as bars, the share of clients that stand as a line. */
final class StormPlot {
    private static final int WIDTH = 800;
    private static final int HEIGHT = 360;
    private static final int LEFT = 70;
    private static final int RIGHT = 60;
    private static final int TOP = 40;
    private static final int BOTTOM = 50;
    private static final int TICKS = 5;

    private final StringBuilder svg = new StringBuilder();
    private final double seconds;
    private final double highest;

    private StormPlot(double seconds, double highest) {
        this.seconds = seconds;
        this.highest = highest;
    }

    /** @param maximum handshakes a second of the closed loop, drawn as a line */
    static String draw(String title, Course course, long clients, double maximum) {
        List<Double> goodput = course.goodput();
        double top = Math.max(
                maximum, goodput.stream().mapToDouble(Double::doubleValue).max().orElse(1));
        double seconds = Math.max(1, course.counts().size() * course.stepNanos() / 1e9);
        return new StormPlot(seconds, top * 1.1).draw(title, course, goodput, clients, maximum);
    }

    private String draw(String title, Course course, List<Double> goodput, long clients, double maximum) {
        add(
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' font-family='sans-serif' font-size='12'>",
                WIDTH, HEIGHT);
        add("<rect width='%d' height='%d' fill='white'/>", WIDTH, HEIGHT);
        add("<text x='%d' y='20' font-size='14'>%s</text>", LEFT, escaped(title));
        for (int second = 0; second < goodput.size(); second++) {
            double y = y(goodput.get(second));
            add(
                    "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='#9ab8d8'/>",
                    x(second) + 0.5, y, Math.max(0.5, x(1) - x(0) - 1), HEIGHT - BOTTOM - y);
        }
        add(
                "<line x1='%d' y1='%.1f' x2='%d' y2='%.1f' stroke='#c04040' stroke-dasharray='6 4'/>",
                LEFT, y(maximum), WIDTH - RIGHT, y(maximum));
        add("<text x='%d' y='%.1f' fill='#c04040'>closed loop: %.0f/s</text>", LEFT + 6, y(maximum) - 5, maximum);
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < course.counts().size(); i++) {
            points.append(String.format(
                    Locale.ROOT,
                    "%.1f,%.1f ",
                    x((i + 1) * course.stepNanos() / 1e9),
                    HEIGHT
                            - BOTTOM
                            - (HEIGHT - TOP - BOTTOM) * (double) course.counts().get(i) / clients));
        }
        add(
                "<polyline fill='none' stroke='#206020' stroke-width='2' points='%s'/>",
                points.toString().strip());
        axes();
        add("</svg>");
        return svg.toString();
    }

    private void axes() {
        add(
                "<path d='M%d %d V%d H%d V%d' fill='none' stroke='black'/>",
                LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT, TOP);
        for (int i = 0; i <= TICKS; i++) {
            double share = (double) i / TICKS;
            double y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
            add("<text x='%d' y='%.1f' text-anchor='end'>%.0f</text>", LEFT - 6, y + 4, highest * share);
            add("<text x='%d' y='%.1f' fill='#206020'>%.0f %%</text>", WIDTH - RIGHT + 6, y + 4, 100 * share);
            add(
                    "<text x='%.1f' y='%d' text-anchor='middle'>%.0f</text>",
                    x(seconds * share), HEIGHT - BOTTOM + 18, seconds * share);
        }
        add(
                "<text x='%d' y='%d' text-anchor='middle'>seconds since the gateway is back</text>",
                WIDTH / 2, HEIGHT - 12);
        add("<text x='%d' y='%d'>handshakes/s</text>", 6, TOP - 8);
    }

    private double x(double second) {
        return LEFT + (WIDTH - LEFT - RIGHT) * second / seconds;
    }

    private double y(double rate) {
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * rate / highest;
    }

    private void add(String format, Object... arguments) {
        svg.append(arguments.length == 0 ? format : String.format(Locale.ROOT, format, arguments))
                .append('\n');
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;");
    }
}
