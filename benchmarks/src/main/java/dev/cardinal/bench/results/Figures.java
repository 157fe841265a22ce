package dev.cardinal.bench.results;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** An object of a benchmark's JSON, read for a table: what is missing there is a dash here, and never an error. */
record Figures(JsonObject object) {
    static final String NONE = "-";

    private static final double MANY = 1000;
    private static final double SOME = 10;

    /** The objects of an array, or the one object. */
    static List<Figures> rows(@Nullable JsonElement element) {
        List<Figures> rows = new ArrayList<>();
        if (element instanceof JsonArray array) {
            for (JsonElement each : array) {
                if (each instanceof JsonObject object) {
                    rows.add(new Figures(object));
                }
            }
        } else if (element instanceof JsonObject object) {
            rows.add(new Figures(object));
        }
        return rows;
    }

    /** @param path names between slashes; an array's element is named by its number */
    private @Nullable JsonPrimitive at(String path) {
        JsonElement at = object;
        for (String name : path.split("/")) {
            if (at instanceof JsonObject inner) {
                at = inner.get(name);
            } else if (at instanceof JsonArray array && Integer.parseInt(name) < array.size()) {
                at = array.get(Integer.parseInt(name));
            } else {
                return null;
            }
        }
        return at instanceof JsonPrimitive primitive ? primitive : null;
    }

    String text(String path) {
        JsonPrimitive value = at(path);
        return value == null || value.getAsString().isEmpty() ? NONE : value.getAsString();
    }

    /** NaN where there is none. */
    double number(String path) {
        JsonPrimitive value = at(path);
        try {
            return value == null || value.isBoolean() ? Double.NaN : value.getAsDouble();
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /** Three digits or so, as many as a measurement is worth. */
    String figure(String path) {
        return figure(number(path));
    }

    static String figure(double value) {
        if (Double.isNaN(value)) {
            return NONE;
        }
        double size = Math.abs(value);
        if (size >= MANY || value == Math.rint(value)) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        return String.format(Locale.ROOT, size >= SOME ? "%.1f" : "%.3f", value);
    }

    String percent(String path) {
        double value = number(path);
        return Double.isNaN(value) ? NONE : String.format(Locale.ROOT, "%.1f %%", 100 * value);
    }

    /** {@code 1.23 (1.20 to 1.26)}. */
    String withRange(String path, String range) {
        String low = figure(range + "/0");
        return figure(path) + (low.equals(NONE) ? "" : " (" + low + " to " + figure(range + "/1") + ")");
    }

    /** Values of a JMH parameter list, by name. */
    String parameters(String path) {
        Map<String, String> sorted = new TreeMap<>();
        if (object.get(path) instanceof JsonObject inner) {
            inner.entrySet().forEach(e -> sorted.put(e.getKey(), e.getValue().getAsString()));
        }
        List<String> words = new ArrayList<>();
        sorted.forEach((name, value) -> words.add(name + "=" + value));
        return words.isEmpty() ? NONE : String.join(", ", words);
    }

    /** Names of all numbers and texts that are no part of something else. */
    List<String> scalars() {
        return object.entrySet().stream()
                .filter(e -> e.getValue() instanceof JsonPrimitive)
                .map(Map.Entry::getKey)
                .toList();
    }
}
