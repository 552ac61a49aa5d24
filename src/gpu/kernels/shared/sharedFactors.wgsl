// Brings 16 columns of x and W, from vec4 `first` on, into workgroup memory.
      workgroupBarrier();
      //#include sharedLoad set=setLeft quads=LEFT value=xOf(row+4u*quad+$cu,at)
      //#if HALF
      //#include sharedLoadHalf row=wRow(column+4u*(i/4u)+$cu)
      //#else
      //#include sharedLoad set=setRight quads=RIGHT value=wOf(column+4u*quad+$cu,at)
      //#endif
      //#if QUANTS
      if (local < 4u * RIGHT) {
        affines[local] = affineAt(wRow(column + local), first / 8u);
      }
      //#endif
      workgroupBarrier();
