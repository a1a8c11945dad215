-- Each event of a call is a file of its own in the connector's spool: written aside, then renamed, so that it is there whole or not at all.
-- A Kamailio that is killed loses none; a connector that is away finds them when it comes back.

local folder = os.getenv("HEGUI_SPOOL") .. "/events"
local count = 0

local function quoted(text)
  return '"' .. tostring(text or ""):gsub('[%c"\\\127-\255]', function(c) return string.format("\\u%04x", c:byte()) end) .. '"'
end

-- Raises an error when it could not be kept: then `lua_run` is false, and what depends on it is not done.
-- event, call id (empty for what belongs to no call), and in one text: seconds with microseconds since 1970, a space, what else to say
function note(event, call, said)
  local at, detail = said:match("^(%S+) ?(.*)$")
  count = count + 1
  local name = string.format("%s-%s-%06d-%s.json", at, KSR.pv.get("$pp"), count, event)
  local path = folder .. "/." .. name
  local file, why = io.open(path, "w")
  if not file then
    error("an event could not be kept: " .. tostring(why))
  end
  local text = '{"event": ' .. quoted(event) .. ', "call": ' .. quoted(call) .. ', "at": ' .. quoted(at) .. ', "detail": ' .. quoted(detail) .. "}\n"
  local written = file:write(text)
  local closed = file:close()
  if not (written and closed and os.rename(path, folder .. "/" .. name)) then
    os.remove(path)
    error("an event could not be kept: no room?")
  end
end
