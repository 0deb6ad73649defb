// The least that a bridge by JNI would be, in place of JNA: a call that is taken over by a native thread of its own, which
// answers by calling back with bytes. For Crossing.kt, which measures what going over the border takes.

#include <jni.h>
#include <pthread.h>
#include <string.h>

static JavaVM *vm;
static jclass bridge;
static jmethodID answered;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t waiting = PTHREAD_COND_INITIALIZER;
static struct { jlong call; jsize length; char bytes[512]; } asked[128];
static unsigned first, last;

static void *work(void *unused) {
    JNIEnv *env;
    (*vm)->AttachCurrentThreadAsDaemon(vm, (void **)&env, NULL);
    for (;;) {
        pthread_mutex_lock(&lock);
        while (first == last) pthread_cond_wait(&waiting, &lock);
        typeof(asked[0]) one = asked[first++ % 128];
        pthread_mutex_unlock(&lock);
        jbyteArray bytes = (*env)->NewByteArray(env, one.length);
        (*env)->SetByteArrayRegion(env, bytes, 0, one.length, (jbyte *)one.bytes);
        (*env)->CallStaticVoidMethod(env, bridge, answered, one.call, bytes);
        (*env)->DeleteLocalRef(env, bytes);
    }
    return unused;
}

JNIEXPORT void JNICALL Java_egoi_verify_benches_Bridge_begin(JNIEnv *env, jclass class) {
    pthread_t thread;
    (*env)->GetJavaVM(env, &vm);
    bridge = (*env)->NewGlobalRef(env, class);
    answered = (*env)->GetStaticMethodID(env, class, "answered", "(J[B)V");
    pthread_create(&thread, NULL, work, NULL);
}

JNIEXPORT void JNICALL Java_egoi_verify_benches_Bridge_ask(JNIEnv *env, jclass class, jlong call, jbyteArray bytes) {
    (void)class;
    pthread_mutex_lock(&lock);
    typeof(asked[0]) *one = &asked[last++ % 128];
    one->call = call;
    one->length = (*env)->GetArrayLength(env, bytes);
    (*env)->GetByteArrayRegion(env, bytes, 0, one->length, (jbyte *)one->bytes);
    pthread_cond_signal(&waiting);
    pthread_mutex_unlock(&lock);
}
