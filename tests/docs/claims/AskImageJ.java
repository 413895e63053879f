// Says what ImageJ makes of files, for tests/docs/test_imagej_claims.py.
// Argument: a folder with images (*.tif) and outlines (*.roi). Prints one line of JSON for each.

import ij.ImagePlus;
import ij.gui.Roi;
import ij.io.FileSaver;
import ij.io.Opener;
import ij.io.RoiDecoder;
import ij.measure.Calibration;
import ij.process.FloatProcessor;
import ij.process.ImageStatistics;
import java.io.File;
import java.util.Arrays;
import java.util.Locale;

class AskImageJ {
    static final String[] KINDS = {"8 bits", "16 bits", "decimal numbers", "colours by table", "RGB"};

    public static void main(String[] arguments) throws Exception {
        Locale.setDefault(Locale.ROOT);
        File[] files = new File(arguments[0]).listFiles();
        Arrays.sort(files);
        for (File file : files) {
            if (file.getName().endsWith(".tif")) image(file);
            if (file.getName().endsWith(".roi")) outline(file);
        }
    }

    static void image(File file) {
        ImagePlus image = new Opener().openImage(file.getPath());
        Calibration size = image.getCalibration();
        // As Analyze > Measure does where nothing is selected.
        ImageStatistics all = image.getStatistics(ImageStatistics.AREA + ImageStatistics.MIN_MAX);
        System.out.printf(
            "{\"file\": \"%s\", \"kind\": \"%s\", \"unit\": \"%s\", \"pixel\": %s, \"slices\": %d,"
                + " \"frames\": %d, \"area\": %s, \"largest\": %.1f, \"first\": %.1f}%n",
            file.getName(), KINDS[image.getType()], size.getUnit(), size.pixelWidth,
            image.getNSlices(), image.getNFrames(), all.area, all.max,
            image.getProcessor().getf(0, 0));
        if (image.getType() == ImagePlus.GRAY8) {
            image.getProcessor().invertLut();
            new FileSaver(image).saveAsPng(file.getPath().replace(".tif", ".png"));
        }
    }

    static void outline(File file) throws Exception {
        Roi roi = new RoiDecoder(file.getPath()).getRoi();
        // Moved to the origin: what is filled counts, and where it lay.
        double left = roi.getXBase(), top = roi.getYBase();
        int x = (int) Math.floor(left), y = (int) Math.floor(top);
        roi.setLocation(left - x, top - y);
        FloatProcessor field = new FloatProcessor(200, 200);
        field.setRoi(roi);
        int measures = ImageStatistics.AREA + ImageStatistics.CENTROID;
        ImageStatistics found = ImageStatistics.getStatistics(field, measures, null);
        System.out.printf(
            "{\"file\": \"%s\", \"name\": \"%s\", \"pixels\": %s, \"x\": %s, \"y\": %s}%n",
            file.getName(), roi.getName(), found.area, found.xCentroid + x, found.yCentroid + y);
    }
}
