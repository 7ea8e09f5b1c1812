-- ingest.lua - what wrk sends: MODE is metrics, batch or heartbeat; TOKENS is
-- a file with one "session_id token" a line, one line a connection.
local mode = os.getenv("MODE") or "metrics"
local sessions = {}
for line in io.lines(os.getenv("TOKENS")) do
  local id, token = line:match("(%S+) (%S+)")
  sessions[#sessions + 1] = { id = id, token = token, seq = 1 }
end

-- 1 KB, as an agent writes it.
local metric = '{"agent_timestamp":"2026-02-10T16:19:56.123456+00:00","source_type":"screenshot",' ..
  '"source_ref":"display:0/17","feature_version":"1","features":{"scored":true,"app":"editor",' ..
  '"words":412,"changed":0.18,"idle_s":2,"switches":3,"keys":31,"clicks":4,"category":"focus",' ..
  '"pad":"' .. string.rep("x", 520) .. '"},"productivity_score":71.5,"anomaly_score":0.12,' ..
  '"anomaly_label":"normal","model_info":{"name":"rules","version":"1","anomaly_mode":"static"},' ..
  '"pipeline_status":"ok","ocr_text_hash":"' .. string.rep("a", 64) .. '"}'
local payload = metric:gsub('"', '\\"')
local per_batch = tonumber(os.getenv("ITEMS") or "100")

local run = os.getenv("RUN") or tostring(os.time())
local n = 0
math.randomseed(os.time())

function request()
  n = n + 1
  local s = sessions[(n - 1) % #sessions + 1]
  local headers = { Authorization = "Bearer " .. s.token, ["Content-Type"] = "application/json" }
  if mode == "heartbeat" then
    return wrk.format("POST", "/api/sessions/" .. s.id .. "/heartbeat/", headers, "")
  elseif mode == "metrics" then
    headers["X-Idempotency-Key"] = run .. "-" .. n
    return wrk.format("POST", "/api/sessions/" .. s.id .. "/ai-metrics/", headers, metric)
  end
  local items = {}
  for i = 1, per_batch do
    s.seq = s.seq + 1
    items[i] = '{"seq":' .. s.seq .. ',"kind":"metric","payload":"' .. payload .. '"}'
  end
  return wrk.format("POST", "/api/sessions/" .. s.id .. "/batch/", headers, '{"items":[' .. table.concat(items, ",") .. ']}')
end

function done(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("RESULT %d %d %.2f %.2f %d\n", summary.requests, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed))
end
