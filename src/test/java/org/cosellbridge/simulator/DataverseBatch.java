package org.cosellbridge.simulator;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and writes {@code multipart/mixed} of {@code $batch}. */
final class DataverseBatch {
    private static final Pattern BOUNDARY = Pattern.compile("boundary=\"?([^\";\\s]+)\"?");
    private static final Pattern REQUEST_LINE = Pattern.compile("([A-Z]+) (\\S+) HTTP/1\\.1");
    private static final int MOST_REQUESTS = 1000;
    private static final String END = "\r\n";

    private DataverseBatch() {}

    /** One request inside a batch. */
    record Request(String method, String target, Map<String, String> headers, String contentId, byte[] body) {}

    /** One part of a batch: a request, or a change set of several. */
    record Part(boolean changeSet, List<Request> requests) {}

    static List<Part> parse(DataverseCall call) {
        String text = new String(call.body(), StandardCharsets.UTF_8);
        if (Pattern.compile("(?<!\r)\n").matcher(text).find()) {
            throw DataverseStore.refuse(400, "0x80048d19", "Stream was not readable.");
        }
        List<Part> parts = new ArrayList<>();
        for (String part : split(text, boundary(call.header("Content-Type").orElse("")))) {
            Map<String, String> headers = headers(part);
            String type = headers.getOrDefault("content-type", "");
            if (type.startsWith("multipart/mixed")) {
                List<Request> requests = split(content(part), boundary(type)).stream()
                        .map(DataverseBatch::request)
                        .toList();
                parts.add(new Part(true, requests));
            } else {
                parts.add(new Part(false, List.of(request(part))));
            }
        }
        if (parts.isEmpty() || size(parts) > MOST_REQUESTS) {
            throw DataverseStore.refuse(400, "0x80048d19", "A batch holds 1 to " + MOST_REQUESTS + " requests.");
        }
        return parts;
    }

    static int size(List<Part> parts) {
        return parts.stream().mapToInt(part -> part.requests().size()).sum();
    }

    /** The inner request as a call; {@code contents} are the addresses of rows made earlier in the change set, by {@code $n}. */
    static DataverseCall inner(DataverseCall outer, Request request, Map<String, String> contents) {
        URI root = URI.create(outer.root());
        String target = request.target();
        for (Map.Entry<String, String> content : contents.entrySet()) {
            if (target.equals(content.getKey()) || target.startsWith(content.getKey() + "/")) {
                target = content.getValue() + target.substring(content.getKey().length());
            }
        }
        String relative = target.replaceFirst("^https?://[^/]+", "");
        if (relative.startsWith(root.getPath() + "/")) {
            relative = relative.substring(root.getPath().length() + 1);
        }
        int mark = relative.indexOf('?');
        String path = mark < 0 ? relative : relative.substring(0, mark);
        String body = new String(request.body(), StandardCharsets.UTF_8);
        for (Map.Entry<String, String> content : contents.entrySet()) {
            body = body.replace("\"" + content.getKey() + "\"", "\"" + content.getValue() + "\"");
        }
        return new DataverseCall(
                request.method(),
                outer.root(),
                URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8),
                mark < 0 ? "" : relative.substring(mark + 1),
                request.headers(),
                body.getBytes(StandardCharsets.UTF_8),
                outer.author());
    }

    static SimulatorAnswer answer(List<Part> parts, List<List<SimulatorAnswer>> answers) {
        String boundary = "batchresponse_" + UUID.randomUUID();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < answers.size(); i++) {
            List<SimulatorAnswer> answered = answers.get(i);
            text.append("--").append(boundary).append(END);
            if (parts.get(i).changeSet() && answered.stream().allMatch(answer -> answer.status() < 400)) {
                String inner = "changesetresponse_" + UUID.randomUUID();
                text.append("Content-Type: multipart/mixed; boundary=")
                        .append(inner)
                        .append(END)
                        .append(END);
                for (int j = 0; j < answered.size(); j++) {
                    text.append("--").append(inner).append(END);
                    append(text, answered.get(j), parts.get(i).requests().get(j).contentId());
                }
                text.append("--").append(inner).append("--").append(END);
            } else {
                append(text, answered.get(0), "");
            }
        }
        text.append("--").append(boundary).append("--").append(END);
        return SimulatorAnswer.bytes(
                        200,
                        "multipart/mixed; boundary=" + boundary,
                        text.toString().getBytes(StandardCharsets.UTF_8))
                .withHeader("OData-Version", "4.0");
    }

    private static void append(StringBuilder text, SimulatorAnswer answer, String contentId) {
        text.append("Content-Type: application/http").append(END);
        text.append("Content-Transfer-Encoding: binary").append(END);
        if (!contentId.isEmpty()) {
            text.append("Content-ID: ").append(contentId).append(END);
        }
        text.append(END)
                .append("HTTP/1.1 ")
                .append(answer.status())
                .append(" -")
                .append(END);
        answer.headers()
                .forEach((name, value) ->
                        text.append(name).append(": ").append(value).append(END));
        text.append(END)
                .append(new String(answer.body(), StandardCharsets.UTF_8))
                .append(END);
    }

    private static Request request(String part) {
        if (!headers(part).getOrDefault("content-type", "").startsWith("application/http")) {
            throw malformed("a part's Content-Type must be application/http");
        }
        String http = content(part);
        int lineEnd = http.indexOf(END);
        Matcher line = REQUEST_LINE.matcher(lineEnd < 0 ? http : http.substring(0, lineEnd));
        if (!line.matches()) {
            throw malformed("a request line is missing");
        }
        String rest = lineEnd < 0 ? "" : http.substring(lineEnd + END.length());
        return new Request(
                line.group(1),
                line.group(2),
                headers(rest),
                Optional.ofNullable(headers(part).get("content-id")).orElse(""),
                content(rest).getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> split(String text, String boundary) {
        List<String> parts = new ArrayList<>();
        String[] pieces = (END + text).split(Pattern.quote(END + "--" + boundary), -1);
        if (pieces.length < 2 || !pieces[pieces.length - 1].startsWith("--")) {
            throw malformed("the closing boundary is missing");
        }
        for (int i = 1; i < pieces.length - 1; i++) {
            parts.add(pieces[i].startsWith(END) ? pieces[i].substring(END.length()) : pieces[i]);
        }
        return parts;
    }

    private static String boundary(String contentType) {
        Matcher boundary = BOUNDARY.matcher(contentType);
        if (!contentType.startsWith("multipart/mixed") || !boundary.find()) {
            throw malformed("the Content-Type must be multipart/mixed with a boundary");
        }
        return boundary.group(1);
    }

    private static Map<String, String> headers(String part) {
        Map<String, String> headers = new HashMap<>();
        int end = part.startsWith(END) ? 0 : part.indexOf(END + END);
        String block = end < 0 ? part : part.substring(0, end);
        for (String line : block.split(END, -1)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.put(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
        }
        return headers;
    }

    private static String content(String part) {
        if (part.startsWith(END)) {
            return part.substring(END.length());
        }
        int end = part.indexOf(END + END);
        return end < 0 ? "" : part.substring(end + 2 * END.length());
    }

    private static SimulatorAnswer.RefusedException malformed(String why) {
        return DataverseStore.refuse(400, "0x80048d19", "The batch cannot be read: " + why + ".");
    }
}
