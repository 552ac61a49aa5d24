/*
 * A Vulkan driver in front of RADV's null hardware (RADV_FORCE_FAMILY): it compiles for a GPU that is not there. RADV's null hardware
 * makes no command buffers, so every command, submit and wait is answered with success and memory is mapped from anywhere.
 * RADV_LIBRARY names the real driver.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef void (*Function)(void);
typedef Function (*Lookup)(void *, const char *);

static Lookup instance_lookup, physical_lookup, device_lookup;
static int (*negotiate)(uint32_t *);

static void load(void) {
  if (instance_lookup) return;
  const char *path = getenv("RADV_LIBRARY");
  void *driver = path ? dlopen(path, RTLD_NOW) : NULL;
  if (!driver) {
    fprintf(stderr, "shim: %s\n", path ? dlerror() : "RADV_LIBRARY is not set");
    exit(3);
  }
  instance_lookup = (Lookup)dlsym(driver, "vk_icdGetInstanceProcAddr");
  physical_lookup = (Lookup)dlsym(driver, "vk_icdGetPhysicalDeviceProcAddr");
  negotiate = (int (*)(uint32_t *))dlsym(driver, "vk_icdNegotiateLoaderICDInterfaceVersion");
}

static long success(void) { return 0; }

/* Address space without pages until they are touched; never given back, the process is short. */
static int32_t map_memory(void *device, uint64_t memory, uint64_t offset, uint64_t size, uint32_t flags, void **out) {
  size_t bytes = size == ~0ull ? (size_t)1 << 32 : size + 4096;
  *out = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return *out == MAP_FAILED ? -5 : 0;
}

static const char *answered[] = {
  "vkBeginCommandBuffer", "vkEndCommandBuffer", "vkResetCommandBuffer", "vkResetCommandPool", "vkQueueSubmit", "vkQueueSubmit2",
  "vkQueueSubmit2KHR", "vkQueueWaitIdle", "vkDeviceWaitIdle", "vkGetFenceStatus", "vkWaitForFences", "vkFlushMappedMemoryRanges",
  "vkInvalidateMappedMemoryRanges", "vkUnmapMemory", NULL,
};

/* Our own answer to a function that the driver has; NULL for those that it answers itself. */
static Function replaced(const char *name) {
  if (!strcmp(name, "vkMapMemory")) return (Function)map_memory;
  if (!strncmp(name, "vkCmd", 5)) return (Function)success;
  for (int i = 0; answered[i]; i++)
    if (!strcmp(name, answered[i])) return (Function)success;
  return NULL;
}

static Function of_device(void *device, const char *name) {
  Function real = device_lookup(device, name);
  Function ours = replaced(name);
  return real && ours ? ours : real;
}

Function vk_icdGetInstanceProcAddr(void *instance, const char *name) {
  load();
  Function real = instance_lookup(instance, name);
  if (!strcmp(name, "vkGetDeviceProcAddr")) {
    device_lookup = (Lookup)real;
    return (Function)of_device;
  }
  Function ours = replaced(name);
  return real && ours ? ours : real;
}

Function vk_icdGetPhysicalDeviceProcAddr(void *instance, const char *name) {
  load();
  return physical_lookup ? physical_lookup(instance, name) : NULL;
}

int32_t vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version) {
  load();
  return negotiate(version);
}
