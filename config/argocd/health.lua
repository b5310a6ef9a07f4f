-- Health of a PatchIntent for Argo CD, from its conditions (kstatus):
--   being deleted, not seen yet, being tried again    Progressing
--   suspended, or waiting for a person or a window    Suspended
--   wrong in itself, or something in its way          Degraded
--   done                                              Healthy

-- These wait too, but because something is in the way that will not go by itself.
local broken = {
  ApprovalUnguarded = true,
  ConflictingIntent = true,
  DryRunRefused = true,
  ManagedByAutoscaler = true,
  UnsafePath = true,
}

local function health(status, message)
  return { status = status, message = message }
end

local function find(conditions, kind)
  for _, condition in ipairs(conditions) do
    if condition.type == kind then
      return condition
    end
  end
  return nil
end

local function is_true(condition)
  return condition ~= nil and condition.status == "True"
end

local spec = obj.spec or {}
local status = obj.status or {}
local conditions = status.conditions or {}

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "being deleted")
end
if spec.suspend == true then
  return health("Suspended", "suspended by spec.suspend; the package stays as it is")
end
if (status.observedGeneration or -1) < (obj.metadata.generation or 0) then
  return health("Progressing", "waiting for the operator")
end

local ready = find(conditions, "Ready")
local stalled = find(conditions, "Stalled")
local reconciling = find(conditions, "Reconciling")

if ready == nil then
  return health("Progressing", "waiting for the operator")
end
local message = ready.message or ready.reason or ""
if is_true(stalled) then
  return health("Degraded", stalled.message or message)
end
if is_true(reconciling) then
  return health("Progressing", reconciling.message or message)
end
if ready.status == "True" then
  return health("Healthy", message)
end
if ready.status ~= "False" then
  return health("Progressing", message)
end
if broken[ready.reason or ""] then
  return health("Degraded", message)
end
return health("Suspended", message)
