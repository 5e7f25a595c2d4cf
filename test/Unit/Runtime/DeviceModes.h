/* What the tests' artifact for devices does. */
#ifndef DLC_TEST_DEVICEMODES_H
#define DLC_TEST_DEVICEMODES_H

enum {
  PLAIN,
  LOWER_ERROR,    /* a kernel lowers the error word */
  LOOK_BACK,      /* a copy to the host ends a segment */
  LATE,           /* the sum lies in memory of late size */
  ENDLESS,        /* goes on until a service refuses */
  MANY_BLOCKS,    /* launches more blocks than a device has */
  SHARED,         /* with more shared memory than functions have by themselves */
  COPY_ON_DEVICE, /* ends with a copy on the device */
  MANY_COPIES     /* begins with more copies to the device than the runtime collects */
};

#endif
