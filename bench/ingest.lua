-- ingest.lua - what wrk sends: MODE is metrics, batch, heartbeat or screenshot;
-- TOKENS is a file with one "session_id token" a line. The same bytes go to
-- peer and ours; a request is a text that is put together with few copies,
-- because the generator shares the machine with what it measures.
local mode = os.getenv("MODE")
local per_batch = tonumber(os.getenv("ITEMS") or "100")
local run = tonumber(os.getenv("RUN"), 16) % 4294967296
local sessions, n = {}, 0

-- 1 KB, as an agent writes it.
local metric = '{"agent_timestamp":"2026-02-10T16:19:56.123456+00:00","source_type":"screenshot",' ..
  '"source_ref":"display:0/17","feature_version":"1","features":{"scored":true,"app":"editor",' ..
  '"words":412,"changed":0.18,"idle_s":2,"switches":3,"keys":31,"clicks":4,"category":"focus",' ..
  '"pad":"' .. string.rep("x", 520) .. '"},"productivity_score":71.5,"anomaly_score":0.12,' ..
  '"anomaly_label":"normal","model_info":{"name":"rules","version":"1","anomaly_mode":"static"},' ..
  '"pipeline_status":"ok","ocr_text_hash":"' .. string.rep("a", 64) .. '"}'
local payload = metric:gsub('"', '\\"')

local function head(session, path, more)
  return "POST " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. session.token .. "\r\n" .. more
end

local json = "Content-Type: application/json\r\nContent-Length: "

-- A key as agents make them: 64 hex digits in no order.
local function key()
  return string.format("%08x%08x%048x", n * 2654435761 % 4294967296, run, n)
end

-- A PNG by its head; the rest is bytes that no picture shares.
local boundary = "b0undary"
local picture = "\137PNG\r\n\26\n\0\0\0\13IHDR\0\0\7\128\0\0\4\56\8\2\0\0\0"
local tail = string.rep("\170", 300 * 1024 - #picture - 64) .. "\r\n--" .. boundary .. "--\r\n"

local makers = {
  heartbeat = function(s)
    s.text = head(s, "/api/sessions/" .. s.id .. "/heartbeat/", "Content-Length: 0\r\n\r\n")
    return function() return s.text end
  end,
  metrics = function(s)
    s.text = head(s, "/api/sessions/" .. s.id .. "/ai-metrics/", json .. #metric .. "\r\nX-Idempotency-Key: ")
    return function() return s.text .. key() .. "\r\n\r\n" .. metric end
  end,
  batch = function(s)
    s.seq = tonumber(os.getenv("FIRST_SEQ") or "0")
    local from = head(s, "/api/sessions/" .. s.id .. "/batch/", json)
    local item, rest = '{"seq":', ',"kind":"metric","payload":"' .. payload .. '"}'
    local parts = { from, 0, '\r\n\r\n{"items":[' }
    for i = 1, per_batch do
      parts[3 * i + 1], parts[3 * i + 3] = (i > 1 and "," or "") .. item, rest
    end
    parts[3 * per_batch + 4] = "]}"
    local fixed = #'{"items":[]}' + per_batch * (#item + #rest) + per_batch - 1
    return function()
      local digits = 0
      for i = 1, per_batch do
        s.seq = s.seq + 1
        local seq = tostring(s.seq)
        digits = digits + #seq
        parts[3 * i + 2] = seq
      end
      parts[2] = fixed + digits
      return table.concat(parts) -- the one copy
    end
  end,
  screenshot = function(s)
    local function part(name, value)
      return "--" .. boundary .. '\r\nContent-Disposition: form-data; name="' .. name .. '"\r\n\r\n' .. value .. "\r\n"
    end
    local form = part("session_id", s.id) .. part("captured_at", "2026-02-10T16:19:56Z") .. "--" .. boundary ..
      '\r\nContent-Disposition: form-data; name="image"; filename="shot.png"\r\nContent-Type: image/png\r\n\r\n' .. picture
    s.text = head(s, "/api/screenshots/", "Content-Type: multipart/form-data; boundary=" .. boundary ..
      "\r\nContent-Length: " .. (#form + 64 + #tail) .. "\r\n\r\n") .. form
    return function() return s.text .. key() .. tail end
  end,
}

for line in io.lines(os.getenv("TOKENS")) do
  local id, token = line:match("(%S+) (%S+)")
  sessions[#sessions + 1] = makers[mode]({ id = id, token = token })
end

function request()
  n = n + 1
  return sessions[n % #sessions + 1]()
end

function done(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("RESULT %d %d %.2f %.2f %d\n", summary.requests, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed))
end
